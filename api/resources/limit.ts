import { z } from 'zod';

export const scopeKinds = ['installation', 'lane', 'workspace', 'group', 'definition', 'account'] as const;
export const scopeKind = z.enum(scopeKinds);
export type ScopeKind = z.output<typeof scopeKind>;

export const SEATS_MAX = 100_000;

export const limit = z
  .object({
    scopeKind: scopeKind.describe('What is limited.'),
    scopeId: z.string().describe('Which one: its id; `all` for the installation, a name for a lane.'),
    seats: z.int().describe('Runs at the same time, at most.'),
    seatsTaken: z.int().describe('Runs that hold a seat now.'),
    label: z.string().describe('As it is named when a run waits for it.'),
  })
  .meta({ id: 'Limit', title: 'Limit', description: 'How many runs of a scope run at the same time.' });
export type Limit = z.output<typeof limit>;

export const limitWrite = z.strictObject({
  seats: z.int().min(0).max(SEATS_MAX).describe('Runs at the same time, at most; 0 lets none start.'),
  label: z.string().trim().min(1).max(200).optional().describe('By default the name of what is limited.'),
});

export const limitParams = z.strictObject({
  scopeKind: scopeKind.describe('What is limited.'),
  scopeId: z.string().min(1).max(1000).describe('Which one: its id; `all` for the installation, a name for a lane.'),
});
