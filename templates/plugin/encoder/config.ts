import { z } from 'zod';

/** Options stand here, as `name: option(type, { title, description })` of ropeway/spi/fields.js. */
export const myPluginConfig = z.strictObject({});

export type MyPluginConfig = z.output<typeof myPluginConfig>;
