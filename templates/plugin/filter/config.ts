import { option } from 'ropeway/spi/fields.js';
import { z } from 'zod';

export const myPluginConfig = z.strictObject({
  column: option(z.string().min(1), {
    title: 'Column',
    description: 'The column whose texts are put into capitals.',
    examples: ['country'],
  }),
});

export type MyPluginConfig = z.output<typeof myPluginConfig>;
