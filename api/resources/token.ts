import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';
import { role } from './person.ts';

const expiresAt = instant.nullable().default(null).describe('When it stops being accepted; null for never.');
const purpose = name.describe('What it is for.');

export const token = z
  .object({
    id,
    name: purpose,
    kind: z.enum(['service', 'personal']).describe('Of a service, with a role of its own; or of a person.'),
    role: role.describe('What it may do; of a person not more than the person may.'),
    groupId: id.nullable().describe('Of a service: the one group that the role is in; null for the workspace.'),
    userId: id.nullable().describe('Of a person: whose it is.'),
    ownerName: z.string().nullable().describe('Of a person: the name.'),
    administersInstallation: z.boolean().describe('May change workspaces, people and limits of the installation.'),
    createdBy: z.string().nullable().describe('Who created it.'),
    createdAt: instant,
    lastUsedAt: instant.nullable().describe('To the minute.'),
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'Token', title: 'Token' });
export type Token = z.output<typeof token>;

export const tokenCreate = z.strictObject({
  name: purpose,
  role: role.default('administrator').describe('What it may do.'),
  groupId: id.nullable().default(null).describe('The one group that the role is in; null for the whole workspace.'),
  administersInstallation: z
    .boolean()
    .default(false)
    .describe('May change workspaces, people and limits of the installation: only for those who may.'),
  expiresAt,
});

export const ownTokenCreate = z.strictObject({
  name: purpose,
  role: role.default('operator').describe('It may do no more than this role, however much the person may.'),
  expiresAt,
});

export const tokenCreated = z
  .object({ ...token.shape, token: z.string().describe('The token itself. It is shown this once.') })
  .meta({ id: 'TokenCreated', title: 'Token, when it was created' });
export type TokenCreated = z.output<typeof tokenCreated>;
