import { z } from 'zod';
import { TEXT_LENGTH_MAX, id, instant, name } from '#api/fields.ts';

const colour = z
  .string()
  .regex(/^#[0-9a-f]{6}$/, 'six hexadecimal digits behind a #, in lower case')
  .describe('As `#1a2b3c`.');
const description = z.string().max(TEXT_LENGTH_MAX).describe('What it says about a transfer.');

export const label = z
  .object({
    id,
    name,
    colour,
    description,
    uses: z.int().describe('Transfers that have it, of those that may be seen.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Label', title: 'Label', description: 'A word that transfers are found by.' });
export type Label = z.output<typeof label>;

export const labelCreate = z.strictObject({
  name,
  colour: colour.default('#868e96'),
  description: description.default(''),
});

export const labelUpdate = z.strictObject({
  name: name.optional(),
  colour: colour.optional(),
  description: description.optional(),
});
