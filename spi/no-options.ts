import { z } from 'zod';

/** The options of a plugin that has none. */
export const noOptions: z.ZodObject = z.strictObject({});
