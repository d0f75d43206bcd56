import { z } from 'zod';
import { id, instant } from '#api/fields.ts';

export const auditOutcome = z
  .enum(['begun', 'succeeded', 'refused', 'failed'])
  .describe('`begun`: it was asked for; how it ended is not known, or not yet.');

export const auditEvent = z
  .object({
    id,
    at: instant,
    actor: z.string().describe('Who: `user:E-MAIL`, `token:NAME`, or a part of the machinery.'),
    userId: id.nullable().describe('The person.'),
    tokenId: z.string().nullable().describe('The token that the person or the service came with.'),
    action: z.string().describe('The id of the endpoint, or `secret.use`: a secret was handed to a runner.'),
    resourceKind: z.string().nullable(),
    resourceId: z.string().nullable(),
    resourceName: z.string().nullable().describe('What it was called then.'),
    groupId: z.string().nullable().describe('The group that it belonged to.'),
    fields: z.array(z.string()).describe('Names of the fields that were given. Never their values.'),
    outcome: auditOutcome,
    code: z.string().nullable().describe('Of the problem, when there was one.'),
    detail: z.record(z.string(), z.unknown()).describe('What else the request named, such as the run of a secret.'),
    requestId: z.string().nullable().describe('Finds the request in the log of the server.'),
    endedAt: instant.nullable(),
  })
  .meta({ id: 'AuditEvent', title: 'Audit event', description: 'Something that was done, or refused.' });
export type AuditEvent = z.output<typeof auditEvent>;
