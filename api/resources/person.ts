/** People, and what they may do where. */
import { z } from 'zod';
import { roles, workspaceRoles } from '#api/endpoint.ts';
import { id, instant, name } from '#api/fields.ts';

export const role = z.enum(roles).describe('Each role may do what those before it may.');
export const workspaceRole = z
  .enum(workspaceRoles)
  .describe('In each group of the workspace, and for what has no group; a `member` has what groups give.');

const email = z.string().describe('E-mail address, in lower case.');
const personName = name.describe('What others see.');

export const user = z
  .object({
    id,
    email,
    name: personName,
    administersInstallation: z.boolean().describe('May change workspaces, people and limits of the installation.'),
    isDisabled: z.boolean().describe('Is not let in any more.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
  })
  .meta({ id: 'User', title: 'User', description: 'A person, in the whole installation.' });
export type User = z.output<typeof user>;

export const userUpdate = z.strictObject({
  name: personName.optional(),
  administersInstallation: z.boolean().optional().describe('The last one who does cannot be changed.'),
  isDisabled: z.boolean().optional().describe('Is not let in any more, nor are the tokens of the person.'),
});

export const me = z
  .object({
    user: z.object({ id, email, name: personName }).nullable().describe('Null for a token of a service.'),
    actor: z.string().describe('As it is written into authors and actors.'),
    workspaceId: id.nullable().describe('The workspace that the request is about; null for somebody who has none.'),
    role: role.nullable().describe('The role in it; null when there are only those in groups.'),
    groupRoles: z.record(id, role).describe('Roles in single groups, by their ids.'),
    administersTeams: z.array(id).describe('Teams whose members may be added and removed.'),
    administersInstallation: z.boolean(),
    workspaces: z
      .array(z.object({ id, name, role: workspaceRole, isSuspended: z.boolean() }))
      .describe('Those that the person belongs to, by name, up to 200.'),
  })
  .meta({ id: 'Me', title: 'Who asks, and what he may do' });
export type Me = z.output<typeof me>;

export const member = z
  .object({
    id: id.describe('Of the person.'),
    email,
    name: personName,
    role: workspaceRole,
    isDisabled: z.boolean().describe('Is not let in any more.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant.describe('Since when the person belongs to the workspace.'),
  })
  .meta({ id: 'Member', title: 'Member of the workspace' });
export type Member = z.output<typeof member>;

export const memberWrite = z.strictObject({ role: workspaceRole });

export const team = z
  .object({
    id,
    name,
    membersCount: z.int().describe('How many belong to it.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
  })
  .meta({ id: 'Team', title: 'Team', description: 'People who get roles in groups together.' });
export type Team = z.output<typeof team>;

export const teamWrite = z.strictObject({ name });

const isAdministrator = z.boolean().describe('May add and remove members.');

export const teamMember = z
  .object({ id: id.describe('Of the person.'), email, name: personName, isAdministrator, createdAt: instant })
  .meta({ id: 'TeamMember', title: 'Member of a team' });
export type TeamMember = z.output<typeof teamMember>;

export const teamMemberWrite = z.strictObject({ isAdministrator: isAdministrator.default(false) });

export const granteeKind = z.enum(['team', 'user']).describe('Who has the role: a team, or one person.');

export const grant = z
  .object({
    kind: granteeKind,
    id: id.describe('Of the team or the person.'),
    name: z.string().describe('Its name.'),
    role,
    createdAt: instant,
  })
  .meta({ id: 'Grant', title: 'Role in a group' });
export type Grant = z.output<typeof grant>;

export const grantWrite = z.strictObject({ role });
