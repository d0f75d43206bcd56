import { z } from 'zod';
import { id, instant } from '#api/fields.ts';
import { email } from '#api/resources/sign-in.ts';

const TEAMS_MAX = 50;

const invitedRole = z
  .enum(['administrator', 'editor', 'operator', 'viewer', 'member'])
  .describe('The role in the workspace; a member has what groups give.');

const shape = {
  id,
  email: z.string().describe('Who is invited.'),
  role: invitedRole,
  teamIds: z.array(id).describe('Teams that they will be in.'),
  state: z.enum(['open', 'accepted', 'expired', 'revoked']).describe('What became of it.'),
  createdBy: z.string().describe('Who invites.'),
  createdAt: instant,
  expiresAt: instant,
};

export const invitation = z.object(shape).meta({ id: 'Invitation', title: 'Invitation' });
export type Invitation = z.output<typeof invitation>;

export const invitationMade = z
  .object({ ...shape, link: z.string().describe('What is to be sent. It is shown this once, and good for one use.') })
  .meta({ id: 'InvitationMade', title: 'Invitation, when it was made' });

export const invitationCreate = z.strictObject({
  email,
  role: invitedRole,
  teamIds: z.array(id).max(TEAMS_MAX).default([]).describe('Teams that they will be in.'),
});
