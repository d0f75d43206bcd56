import { option } from 'ropeway/spi/fields.js';
import { z } from 'zod';

export const myPluginConfig = z.strictObject({
  records: option(z.number().int().min(0).default(1000), {
    title: 'Records',
    description: 'How many records each task gives.',
  }),
  tasks: option(z.number().int().min(1).max(1000).default(1), {
    title: 'Tasks',
    description: 'How many parts are read independently of each other.',
  }),
  last_id: option(z.number().int().min(0).default(0), {
    title: 'Last id',
    description: 'The records behind this one are read. Incremental loading (`-c`) sets it.',
    'x-advanced': true,
  }),
});

export type MyPluginConfig = z.output<typeof myPluginConfig>;
