import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const stdoutConfig = z.strictObject({
  prints_column_names: option(z.boolean().default(false), {
    title: 'Print column names',
    description: 'Prints one line with the names of the columns before the records.',
  }),
  timezone: option(z.string().default('UTC'), {
    title: 'Time zone',
    description: 'Zone that timestamps are printed in: an offset, `UTC` or a region.',
    examples: ['Asia/Tokyo'],
  }),
});

export type StdoutConfig = z.output<typeof stdoutConfig>;
