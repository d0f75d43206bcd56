import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

/** As those see it who belong to it. */
export const workspace = z
  .object({ id, name, isSuspended: z.boolean().describe('No runs are created.'), createdAt: instant })
  .meta({ id: 'Workspace', title: 'Workspace', description: 'The isolation boundary: nothing is seen from another.' });
export type Workspace = z.output<typeof workspace>;

const weight = z.int().min(1).max(1000).describe('Its share of seats, against the weights of the others.');
const guaranteedSeats = z.int().min(0).max(100_000).describe('Seats that it has before the others share.');

export const managedWorkspace = z
  .object({
    ...workspace.shape,
    weight,
    guaranteedSeats,
    membersCount: z.int().describe('How many people belong to it.'),
    version: z.int().describe('Counts changes; the ETag.'),
  })
  .meta({ id: 'ManagedWorkspace', title: 'Workspace, for those who manage the installation' });
export type ManagedWorkspace = z.output<typeof managedWorkspace>;

export const workspaceCreate = z.strictObject({
  name,
  weight: weight.default(1),
  guaranteedSeats: guaranteedSeats.default(0),
  administratorId: id
    .nullable()
    .default(null)
    .describe('The person who becomes its administrator; null for whoever creates it, if that is a person.'),
});

export const workspaceUpdate = z.strictObject({
  name: name.optional(),
  weight: weight.optional(),
  guaranteedSeats: guaranteedSeats.optional(),
  isSuspended: z.boolean().optional().describe('No runs are created and none begins; those that run go on.'),
});
