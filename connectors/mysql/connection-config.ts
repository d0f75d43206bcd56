import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { serverFields } from './connection-fields.ts';

export const mysqlConnectionConfig = z.strictObject({
  ...serverFields(),
  database: option(z.string().min(1).optional(), {
    title: 'Database',
    description: 'Name of the database; jobs need one.',
    examples: ['shop'],
  }),
});

export type MysqlConnectionConfig = z.output<typeof mysqlConnectionConfig>;
