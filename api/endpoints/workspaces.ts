/** The workspaces of the installation, and who may do what in groups of one. */
import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { id, idParams, searchText } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { grant, grantWrite, granteeKind, member, memberWrite } from '#api/resources/person.ts';
import { managedWorkspace, workspaceCreate, workspaceUpdate } from '#api/resources/workspace.ts';

const one = {
  kind: 'json',
  status: 200,
  description: 'The workspace.',
  body: managedWorkspace,
  hasEtag: true,
} as const;
const rights = { role: 'administrator', in: 'installation' } as const;

export const workspaceEndpoints = [
  defineEndpoint({
    id: 'workspaces.list',
    method: 'GET',
    path: '/workspaces',
    tag: 'workspaces',
    summary: 'List workspaces',
    description: 'All of the installation, by name. Those that one belongs to are in `/me`.',
    query: z.strictObject({ ...pageQuery, q: searchText.optional().describe('Part of the name.') }),
    answer: { kind: 'json', status: 200, description: 'A page of workspaces.', body: pageOf(managedWorkspace) },
    rights,
  }),
  defineEndpoint({
    id: 'workspaces.create',
    method: 'POST',
    path: '/workspaces',
    tag: 'workspaces',
    summary: 'Create a workspace',
    description: 'Its name must not be taken.',
    body: workspaceCreate,
    answer: { ...one, status: 201 },
    problems: [409],
    rights,
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'workspaces.get',
    method: 'GET',
    path: '/workspaces/:id',
    tag: 'workspaces',
    summary: 'Get a workspace',
    description: 'With the ETag that an update asks for.',
    params: idParams,
    answer: one,
    problems: [404],
    rights,
  }),
  defineEndpoint({
    id: 'workspaces.update',
    method: 'PATCH',
    path: '/workspaces/:id',
    tag: 'workspaces',
    summary: 'Change a workspace, or suspend it',
    description: 'What is absent stays as it is.',
    params: idParams,
    body: workspaceUpdate,
    answer: one,
    problems: [404, 409],
    rights,
    needsMatch: true,
  }),
  defineEndpoint({
    id: 'workspaces.putMember',
    method: 'PUT',
    path: '/workspaces/:id/members/:userId',
    tag: 'workspaces',
    summary: 'Let a person into a workspace',
    description:
      'Or change the role there. Who manages the installation sees nothing of a workspace without this; the audit log ' +
      'of the workspace tells of it.',
    params: z.strictObject({ id, userId: id.describe('Of the person.') }),
    body: memberWrite,
    answer: { kind: 'json', status: 200, description: 'The member.', body: member },
    problems: [404, 409],
    rights,
  }),
] as const;

const grantParams = z.strictObject({
  id: id.describe('Of the group.'),
  kind: granteeKind,
  granteeId: id.describe('Of the team or the person.'),
});

export const grantEndpoints = [
  defineEndpoint({
    id: 'grants.list',
    method: 'GET',
    path: '/groups/:id/grants',
    tag: 'grants',
    summary: 'List who may do what in a group',
    description: 'The first one first. Roles in the workspace hold besides.',
    params: idParams,
    query: z.strictObject(pageQuery),
    answer: { kind: 'json', status: 200, description: 'A page of roles.', body: pageOf(grant) },
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'grants.put',
    method: 'PUT',
    path: '/groups/:id/grants/:kind/:granteeId',
    tag: 'grants',
    summary: 'Give a role in a group',
    description: 'To a team, or to a member of the workspace; in place of the role that there was.',
    params: grantParams,
    body: grantWrite,
    answer: { kind: 'json', status: 200, description: 'The role.', body: grant },
    problems: [404],
    rights: { role: 'administrator', in: 'group' },
  }),
  defineEndpoint({
    id: 'grants.delete',
    method: 'DELETE',
    path: '/groups/:id/grants/:kind/:granteeId',
    tag: 'grants',
    summary: 'Take a role in a group away',
    description: 'What other teams or the workspace give stays.',
    params: grantParams,
    answer: { kind: 'nothing', status: 204, description: 'It is gone.' },
    problems: [404],
    rights: { role: 'administrator', in: 'group' },
  }),
] as const;
