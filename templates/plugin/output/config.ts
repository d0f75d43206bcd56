import { option } from 'ropeway/spi/fields.js';
import { z } from 'zod';

export const myPluginConfig = z.strictObject({
  folder: option(z.string().min(1), {
    title: 'Folder',
    description: 'The folder that gets a file of JSON lines per task. It must exist.',
    examples: ['out'],
  }),
});

export type MyPluginConfig = z.output<typeof myPluginConfig>;
