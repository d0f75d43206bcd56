import { z } from 'zod';
import { option } from '#spi/fields.ts';

const column = z.strictObject({
  name: option(z.string(), { title: 'Name', description: 'Name of the column.' }),
  algorithm: option(z.string().default('SHA-256'), {
    title: 'Algorithm',
    description: 'A digest (`MD5`, `SHA-1`, `SHA-256`, `SHA-512`, …), or a keyed one (`HmacSHA256`, …).',
    examples: ['SHA-256', 'HmacSHA256'],
  }),
  secret_key: option(z.string().optional(), {
    title: 'Secret key',
    description: 'The key of a keyed digest.',
    'x-secret': true,
  }),
  new_name: option(z.string().optional(), { title: 'New name', description: 'Renames the column.' }),
});

export const hashConfig = z.strictObject({
  columns: option(z.array(column), {
    title: 'Columns',
    description: 'Columns whose values are replaced by their digests; they become strings.',
    examples: [[{ name: 'email' }]],
  }),
});

export type HashConfig = z.output<typeof hashConfig>;
export type HashColumn = HashConfig['columns'][number];
