import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { instant } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { auditEvent, auditOutcome } from '#api/resources/audit.ts';

const TEXT_MAX = 300;

const filters = {
  actor: z.string().max(TEXT_MAX).optional().describe('Only what this actor did, as it is written in an event.'),
  action: z
    .string()
    .max(TEXT_MAX)
    .optional()
    .describe('Only this action; with a dot at its end, all that begin so: `connections.`.'),
  resourceKind: z.string().max(TEXT_MAX).optional().describe('Only what was done to resources of this kind.'),
  resourceId: z.string().max(TEXT_MAX).optional().describe('Only what was done to this resource.'),
  outcome: auditOutcome.optional().describe('Only what ended so.'),
  since: instant.optional().describe('At or after this instant.'),
  until: instant.optional().describe('Before this instant.'),
};

export const auditQuery = z.strictObject({ ...pageQuery, ...filters });
export type AuditQuery = z.output<typeof auditQuery>;

const page = { kind: 'json', status: 200, description: 'A page of events.', body: pageOf(auditEvent) } as const;
const rights = { role: 'administrator', in: 'workspace' } as const;

export const auditEndpoints = [
  defineEndpoint({
    id: 'audit.list',
    method: 'GET',
    path: '/audit',
    tag: 'audit',
    summary: 'Search what was done',
    description: 'In the workspace, the latest first.',
    query: auditQuery,
    answer: page,
    rights,
  }),
  defineEndpoint({
    id: 'audit.csv',
    method: 'GET',
    path: '/audit/csv',
    tag: 'audit',
    summary: 'Download what was done, as CSV',
    description: 'All that the filters leave, the latest first, with a line of names at the top.',
    query: z.strictObject(filters),
    answer: { kind: 'text', status: 200, description: 'The events.', media: 'text/csv; charset=utf-8' },
    rights,
  }),
  defineEndpoint({
    id: 'audit.ndjson',
    method: 'GET',
    path: '/audit/ndjson',
    tag: 'audit',
    summary: 'Download what was done, as lines of JSON',
    description: 'All that the filters leave, the latest first.',
    query: z.strictObject(filters),
    answer: { kind: 'text', status: 200, description: 'The events.', media: 'application/x-ndjson' },
    rights,
  }),
  defineEndpoint({
    id: 'audit.installation',
    method: 'GET',
    path: '/audit/installation',
    tag: 'audit',
    summary: 'Search what was done to the installation',
    description: 'What belongs to no workspace: people, workspaces. The latest first.',
    query: auditQuery,
    answer: page,
    rights: { role: 'administrator', in: 'installation' },
  }),
] as const;
