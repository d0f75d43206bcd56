import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { idParams } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { signInProvider, signInProviderCreate, signInProviderUpdate } from '#api/resources/sign-in-provider.ts';

const one = { kind: 'json', status: 200, description: 'The provider.', body: signInProvider, hasEtag: true } as const;
const administrator = { role: 'administrator', in: 'installation' } as const;

export const signInProviderEndpoints = [
  defineEndpoint({
    id: 'signInProviders.list',
    method: 'GET',
    path: '/sign-in-providers',
    tag: 'sign-in',
    summary: 'List the providers',
    description: 'By name.',
    query: z.strictObject(pageQuery),
    answer: { kind: 'json', status: 200, description: 'A page of providers.', body: pageOf(signInProvider) },
    rights: administrator,
  }),
  defineEndpoint({
    id: 'signInProviders.create',
    method: 'POST',
    path: '/sign-in-providers',
    tag: 'sign-in',
    summary: 'Add a provider of OpenID Connect',
    description: 'It is not asked anything yet: the first who signs in with it finds out whether it works.',
    body: signInProviderCreate,
    answer: { ...one, status: 201 },
    problems: [409],
    rights: administrator,
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'signInProviders.get',
    method: 'GET',
    path: '/sign-in-providers/:id',
    tag: 'sign-in',
    summary: 'Get a provider',
    description: 'With the ETag that an update asks for, and without its secret.',
    params: idParams,
    answer: one,
    problems: [404],
    rights: administrator,
  }),
  defineEndpoint({
    id: 'signInProviders.update',
    method: 'PATCH',
    path: '/sign-in-providers/:id',
    tag: 'sign-in',
    summary: 'Change a provider',
    description: 'What is not named stays, the secret too. A new issuer asks for the secret anew.',
    params: idParams,
    body: signInProviderUpdate,
    answer: one,
    problems: [404, 409],
    rights: administrator,
    needsMatch: true,
  }),
  defineEndpoint({
    id: 'signInProviders.delete',
    method: 'DELETE',
    path: '/sign-in-providers/:id',
    tag: 'sign-in',
    summary: 'Remove a provider',
    description: 'People keep their accounts, and need another way to sign in.',
    params: idParams,
    answer: { kind: 'nothing', status: 204, description: 'It is gone.' },
    problems: [404],
    rights: administrator,
  }),
] as const;
