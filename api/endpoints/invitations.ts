import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { idParams, searchText } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { invitation, invitationCreate, invitationMade } from '#api/resources/invitation.ts';

export const invitationEndpoints = [
  defineEndpoint({
    id: 'invitations.list',
    method: 'GET',
    path: '/invitations',
    tag: 'members',
    summary: 'List invitations',
    description: 'The latest first, without their links.',
    query: z.strictObject({
      ...pageQuery,
      q: searchText.optional().describe('Part of the address.'),
      state: z.array(invitation.shape.state).optional().describe('Only in one of these states.'),
    }),
    answer: { kind: 'json', status: 200, description: 'A page of invitations.', body: pageOf(invitation) },
    rights: { role: 'administrator', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'invitations.create',
    method: 'POST',
    path: '/invitations',
    tag: 'members',
    summary: 'Invite somebody into the workspace',
    description:
      'The answer shows the link, once. It is not kept, so an `Idempotency-Key` does not help here. An open invitation ' +
      'of the same address is replaced.',
    body: invitationCreate,
    answer: { kind: 'json', status: 201, description: 'The invitation.', body: invitationMade },
    problems: [409],
    rights: { role: 'administrator', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'invitations.resend',
    method: 'POST',
    path: '/invitations/:id/resend',
    tag: 'members',
    summary: 'Make a new link for an invitation',
    description: 'The one from before is void, and the time begins anew.',
    params: idParams,
    answer: { kind: 'json', status: 200, description: 'The invitation.', body: invitationMade },
    problems: [404, 409],
    rights: { role: 'administrator', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'invitations.revoke',
    method: 'DELETE',
    path: '/invitations/:id',
    tag: 'members',
    summary: 'Revoke an invitation',
    description: 'Its link is void from now on.',
    params: idParams,
    answer: { kind: 'nothing', status: 204, description: 'It is revoked.' },
    problems: [404, 409],
    rights: { role: 'administrator', in: 'workspace' },
  }),
] as const;
