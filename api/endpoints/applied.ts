import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { applied, appliedKind, appliedParams, appliedWrite } from '#api/resources/applied.ts';

export const appliedEndpoints = [
  defineEndpoint({
    id: 'applied.list',
    method: 'GET',
    path: '/applied',
    tag: 'applied',
    summary: 'List what was applied from files',
    description: 'By kind and id. Whoever applies files next sees by it what was changed elsewhere.',
    query: z.strictObject({ ...pageQuery, kind: appliedKind.optional().describe('Only of this kind.') }),
    answer: { kind: 'json', status: 200, description: 'A page of what was applied.', body: pageOf(applied) },
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'applied.put',
    method: 'PUT',
    path: '/applied/:kind/:id',
    tag: 'applied',
    summary: 'Remember what was applied',
    description: 'In the place of what was remembered before. The resource itself is not changed.',
    params: appliedParams,
    body: appliedWrite,
    answer: { kind: 'json', status: 200, description: 'What is remembered.', body: applied },
    problems: [404],
    rights: { role: 'editor', in: 'group' },
  }),
] as const;
