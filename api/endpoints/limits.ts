import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { limit, limitParams, limitWrite, scopeKind } from '#api/resources/limit.ts';

const one = { kind: 'json', status: 200, description: 'The limit.', body: limit } as const;

export const limitEndpoints = [
  defineEndpoint({
    id: 'limits.list',
    method: 'GET',
    path: '/limits',
    tag: 'limits',
    summary: 'List limits',
    description: 'Those of the workspace and what is in it, and those of the installation.',
    query: z.strictObject({ ...pageQuery, scopeKind: scopeKind.optional().describe('Only limits of this kind.') }),
    answer: { kind: 'json', status: 200, description: 'A page of limits.', body: pageOf(limit) },
    rights: { role: 'viewer', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'limits.get',
    method: 'GET',
    path: '/limits/:scopeKind/:scopeId',
    tag: 'limits',
    summary: 'Get a limit',
    description: 'What has no limit is not found.',
    params: limitParams,
    answer: one,
    problems: [404],
    rights: { role: 'viewer', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'limits.put',
    method: 'PUT',
    path: '/limits/:scopeKind/:scopeId',
    tag: 'limits',
    summary: 'Set a limit',
    description: 'Runs that run already are not stopped by a lower one. Those of the installation need its rights.',
    params: limitParams,
    body: limitWrite,
    answer: one,
    problems: [404],
    rights: { role: 'administrator', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'limits.delete',
    method: 'DELETE',
    path: '/limits/:scopeKind/:scopeId',
    tag: 'limits',
    summary: 'Remove a limit',
    description: 'There is none from now on.',
    params: limitParams,
    answer: { kind: 'nothing', status: 204, description: 'It is gone.' },
    problems: [404],
    rights: { role: 'administrator', in: 'workspace' },
  }),
] as const;
