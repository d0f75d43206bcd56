import { option } from 'ropeway/spi/fields.js';
import { z } from 'zod';

export const myPluginConfig = z.strictObject({
  separator_text: option(z.string().min(1).default(': '), {
    title: 'Separator',
    description: 'What stands between a name and its value.',
    examples: ['='],
  }),
});

export type MyPluginConfig = z.output<typeof myPluginConfig>;
