import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { health, readiness, version } from '#api/resources/health.ts';
import { workspace } from '#api/resources/workspace.ts';

export const systemEndpoints = [
  defineEndpoint({
    id: 'system.health',
    method: 'GET',
    path: '/healthz',
    tag: 'system',
    summary: 'Is the process alive',
    description: 'Answers without looking at anything else.',
    answer: { kind: 'json', status: 200, description: 'It is.', body: health },
    rights: 'public',
    isAtRoot: true,
  }),
  defineEndpoint({
    id: 'system.ready',
    method: 'GET',
    path: '/readyz',
    tag: 'system',
    summary: 'Can requests be served',
    description: 'Looks at the database. 503 when it cannot, or while the process starts or stops.',
    answer: { kind: 'json', status: 200, description: 'They can.', body: readiness },
    problems: [503],
    rights: 'public',
    isAtRoot: true,
  }),
  defineEndpoint({
    id: 'system.version',
    method: 'GET',
    path: '/version',
    tag: 'system',
    summary: 'Get the version of the server',
    description: 'The release, and the protocols that it speaks.',
    answer: { kind: 'json', status: 200, description: 'The version.', body: version },
    rights: 'known',
  }),
  defineEndpoint({
    id: 'system.openapi',
    method: 'GET',
    path: '/openapi.json',
    tag: 'system',
    summary: 'Get this document',
    description: 'The description of the API, as OpenAPI 3.1.',
    answer: {
      kind: 'json',
      status: 200,
      description: 'The document.',
      body: z.record(z.string(), z.unknown()),
    },
    rights: 'public',
  }),
  defineEndpoint({
    id: 'workspace.get',
    method: 'GET',
    path: '/workspace',
    tag: 'workspace',
    summary: 'Get the workspace',
    description: 'The one that the request is about.',
    answer: { kind: 'json', status: 200, description: 'The workspace.', body: workspace },
    rights: { role: 'member', in: 'workspace' },
  }),
] as const;
