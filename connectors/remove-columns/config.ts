import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const removeColumnsConfig = z.strictObject({
  remove: option(z.array(z.string()).optional(), {
    title: 'Remove',
    description: 'Names of the columns to drop. Give either this or `keep`.',
    examples: [['password']],
  }),
  keep: option(z.array(z.string()).optional(), {
    title: 'Keep',
    description: 'Names of the columns to keep, in the order of the input. Give either this or `remove`.',
    examples: [['id', 'name']],
  }),
  accept_unmatched_columns: option(z.boolean().default(false), {
    title: 'Accept unmatched names',
    description: 'Ignores names that no column has, instead of refusing them.',
  }),
});

export type RemoveColumnsConfig = z.output<typeof removeColumnsConfig>;
