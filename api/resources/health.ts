import { z } from 'zod';

export const health = z
  .object({ status: z.literal('ok') })
  .meta({ id: 'Health', title: 'Health', description: 'The process is alive.' });

export const readiness = z
  .object({
    status: z.enum(['ready', 'starting', 'stopping', 'unavailable']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'Readiness', title: 'Readiness' });
export type Readiness = z.output<typeof readiness>;

export const version = z
  .object({
    version: z.string().describe('Release of the server.'),
    apiVersion: z.literal(1),
    runnerProtocol: z.int().describe('Of the runners that it works with.'),
    store: z.enum(['postgresql', 'embedded']).describe('Where it keeps its data.'),
  })
  .meta({ id: 'Version', title: 'Version' });
export type Version = z.output<typeof version>;
