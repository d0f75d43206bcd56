import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

export const group = z
  .object({
    id,
    name,
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
  })
  .meta({ id: 'Group', title: 'Group', description: 'Connections and definitions that belong together.' });
export type Group = z.output<typeof group>;

export const groupWrite = z.strictObject({ name });
