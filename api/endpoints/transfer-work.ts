/** What is done with transfers as a whole: compared, copied, converted, many at once. */
import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { id, idParams } from '#api/fields.ts';
import { configDiff } from '#api/resources/config-change.ts';
import { transfer } from '#api/resources/transfer.ts';
import {
  bulkArguments,
  bulkOutcome,
  convertArguments,
  converted,
  copyArguments,
} from '#api/resources/transfer-bulk.ts';

const revisionNo = z.int().min(1);

export const transferWorkEndpoints = [
  defineEndpoint({
    id: 'transfers.bulk',
    method: 'POST',
    path: '/transfers/bulk',
    tag: 'transfers',
    summary: 'Change or run many transfers',
    description:
      'Each in a transaction of its own, and each says what became of it. What may not be changed, or is not there, ' +
      'fails alone. With the same `Idempotency-Key` again, what was done is not done twice.',
    body: bulkArguments,
    answer: { kind: 'json', status: 200, description: 'What became of each.', body: bulkOutcome },
    rights: { role: 'operator', in: 'group' },
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'transfers.convert',
    method: 'POST',
    path: '/transfers/convert',
    tag: 'transfers',
    summary: 'Convert a configuration',
    description:
      'Between JSON and YAML; nothing is saved. YAML alone is read. JSON alone is written. Both: the text is edited to ' +
      'say what the JSON says, and what stays keeps its comments.',
    body: convertArguments,
    answer: { kind: 'json', status: 200, description: 'Both forms.', body: converted },
    rights: { role: 'member', in: 'workspace' },
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'transfers.copy',
    method: 'POST',
    path: '/transfers/:id/copy',
    tag: 'transfers',
    summary: 'Copy a transfer',
    description: 'Its current revision becomes revision 1 of a new one, which is on or off as the original is.',
    params: idParams,
    body: copyArguments,
    answer: { kind: 'json', status: 201, description: 'The copy.', body: transfer, hasEtag: true },
    problems: [404, 409],
    rights: { role: 'editor', in: 'group' },
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'transfers.diff',
    method: 'GET',
    path: '/transfers/:id/diff',
    tag: 'transfers',
    summary: 'Compare two revisions',
    description: 'What was added, removed and changed from the one to the other. What is secret is not shown.',
    params: idParams,
    query: z.strictObject({
      from: revisionNo.describe('Number of a revision.'),
      to: revisionNo.optional().describe('Number of another one; by default the current one.'),
    }),
    answer: {
      kind: 'json',
      status: 200,
      description: 'The difference.',
      body: configDiff.extend({ from: z.int(), to: z.int() }).meta({ id: 'RevisionDiff', title: 'Revisions compared' }),
    },
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'runs.configDiff',
    method: 'GET',
    path: '/runs/:id/config-diff',
    tag: 'runs',
    summary: 'Compare with the last good run',
    description:
      'What changed between the revision of the last run of the same transfer that succeeded before this one, and the ' +
      'revision of this one; and which variables had other values.',
    params: idParams,
    answer: {
      kind: 'json',
      status: 200,
      description: 'The difference; without any changes when there is no such run, or it ran the same.',
      body: configDiff
        .extend({
          lastGoodRunId: id.nullable(),
          from: z.int().nullable().describe('Revision of the last good run.'),
          to: z.int().nullable().describe('Revision of this run.'),
          variables: z.array(z.string()).describe('Names of variables whose values differ.'),
        })
        .meta({ id: 'RunConfigDiff', title: 'A run compared with the last good one' }),
    },
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
] as const;
