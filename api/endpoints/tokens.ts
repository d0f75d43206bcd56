import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { idParams } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { ownTokenCreate, token, tokenCreate, tokenCreated } from '#api/resources/token.ts';

export const tokenEndpoints = [
  defineEndpoint({
    id: 'tokens.list',
    method: 'GET',
    path: '/tokens',
    tag: 'tokens',
    summary: 'List tokens',
    description: 'The latest first, without the tokens themselves: the own ones, and those where one is administrator.',
    query: z.strictObject(pageQuery),
    answer: { kind: 'json', status: 200, description: 'A page of tokens.', body: pageOf(token) },
    rights: { role: 'administrator', in: 'group' },
  }),
  defineEndpoint({
    id: 'tokens.create',
    method: 'POST',
    path: '/tokens',
    tag: 'tokens',
    summary: 'Create a token for a service',
    description: 'The answer shows it, once. It is not kept, so an `Idempotency-Key` does not help here.',
    body: tokenCreate,
    answer: { kind: 'json', status: 201, description: 'The token.', body: tokenCreated },
    rights: { role: 'administrator', in: 'group' },
  }),
  defineEndpoint({
    id: 'tokens.createOwn',
    method: 'POST',
    path: '/tokens/own',
    tag: 'tokens',
    summary: 'Create a token of my own',
    description: 'For this workspace. It ends with the membership. The answer shows it, once.',
    body: ownTokenCreate,
    answer: { kind: 'json', status: 201, description: 'The token.', body: tokenCreated },
    rights: 'person',
  }),
  defineEndpoint({
    id: 'tokens.revoke',
    method: 'DELETE',
    path: '/tokens/:id',
    tag: 'tokens',
    summary: 'Revoke a token',
    description: 'An own one, or one where one is administrator. It is refused from now on, and stays in the list.',
    params: idParams,
    answer: { kind: 'nothing', status: 204, description: 'It is revoked.' },
    problems: [404],
    rights: { role: 'administrator', in: 'group' },
  }),
] as const;
