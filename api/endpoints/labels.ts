import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { idParams, searchText } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { label, labelCreate, labelUpdate } from '#api/resources/label.ts';

const one = { kind: 'json', status: 200, description: 'The label.', body: label, hasEtag: true } as const;

export const labelEndpoints = [
  defineEndpoint({
    id: 'labels.list',
    method: 'GET',
    path: '/labels',
    tag: 'labels',
    summary: 'List labels',
    description: 'Those of the workspace.',
    query: z.strictObject({
      ...pageQuery,
      q: searchText.optional().describe('Part of the name.'),
      sort: z.enum(['name', '-updatedAt']).default('name').describe('`-` is the latest first.'),
    }),
    answer: { kind: 'json', status: 200, description: 'A page of labels.', body: pageOf(label) },
    rights: { role: 'member', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'labels.create',
    method: 'POST',
    path: '/labels',
    tag: 'labels',
    summary: 'Create a label',
    description: 'For transfers of the whole workspace.',
    body: labelCreate,
    answer: { ...one, status: 201 },
    problems: [409],
    rights: { role: 'editor', in: 'workspace' },
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'labels.get',
    method: 'GET',
    path: '/labels/:id',
    tag: 'labels',
    summary: 'Get a label',
    description: 'With how many transfers have it.',
    params: idParams,
    answer: one,
    problems: [404],
    rights: { role: 'member', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'labels.update',
    method: 'PATCH',
    path: '/labels/:id',
    tag: 'labels',
    summary: 'Change a label',
    description: 'What is absent stays as it is. Transfers keep it under its new name.',
    params: idParams,
    body: labelUpdate,
    answer: one,
    problems: [404, 409],
    rights: { role: 'editor', in: 'workspace' },
    needsMatch: true,
  }),
  defineEndpoint({
    id: 'labels.delete',
    method: 'DELETE',
    path: '/labels/:id',
    tag: 'labels',
    summary: 'Delete a label',
    description: 'It is taken off the transfers that have it.',
    params: idParams,
    answer: { kind: 'nothing', status: 204, description: 'It is gone.' },
    problems: [404],
    rights: { role: 'editor', in: 'workspace' },
  }),
] as const;
