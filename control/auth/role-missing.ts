/** The refusal for want of a role: which one, where, and who can give it. */
import { sql } from 'kysely';
import type { Role } from '#api/endpoint.ts';
import type { MissingRole } from '#api/problem.ts';
import { httpErrors } from '#control/http/errors.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal, unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { decideTarget, roleIn } from './rights.ts';
import type { MissingRight } from './rights.ts';

type Db = Store['db'];

/** Names that a refusal tells. */
const GIVERS_MAX = 5;

export async function roleMissing(db: Db, principal: Principal, missing: MissingRight): Promise<Refusal> {
  const { workspaceId } = principal;
  const placeId = missing.in === 'workspace' ? workspaceId || null : missing.id;
  const name = placeId === null ? null : await nameOf(db, missing.in, { id: placeId, workspaceId });
  const givers = await giversOf(db, missing, workspaceId);
  const own = ownRole(principal, missing);
  const missingRole: MissingRole = { role: missing.role, in: missing.in, id: placeId, name, own, givers };
  const place = name === null ? `the ${missing.in}` : `the ${missing.in} "${name}"`;
  const nobody = missing.in === 'installation' ? 'nobody that is known' : 'an administrator of the installation';
  const params = {
    role: missing.role,
    place,
    own: own ?? 'none',
    givers: givers.length === 0 ? nobody : givers.join(', '),
  };
  return new Refusal(httpErrors.error('ROLE_MISSING', params), 403, { missingRole });
}

/** For handlers that come upon something of another group. Throws when the role is not there. */
export async function assertRole(
  db: Db,
  principal: Principal,
  { role, groupId }: { readonly role: Role; readonly groupId: string | null },
): Promise<void> {
  const verdict = decideTarget(groupId, role, principal);
  if (verdict === 'granted') return;
  throw typeof verdict === 'string' ? unknown('group', groupId ?? '') : await roleMissing(db, principal, verdict);
}

function ownRole(principal: Principal, missing: MissingRight): string | null {
  if (missing.in === 'installation') return null;
  const role = missing.in === 'group' ? roleIn(principal, missing.id) : principal.role;
  return role ?? (principal.workspaceId === '' ? null : 'member');
}

async function nameOf(
  db: Db,
  kind: MissingRight['in'],
  { id, workspaceId }: { readonly id: string; readonly workspaceId: string },
): Promise<string | null> {
  const table = kind === 'group' ? 'groups' : kind === 'team' ? 'team' : 'workspace';
  const ofWorkspace = table === 'workspace' ? sql`true` : sql`workspace_id = ${workspaceId}`;
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(table)} where id = ${id} and ${ofWorkspace}`.execute(db);
  return rows[0]?.name ?? null;
}

/** The nearest first: of the group or the team, then of the workspace. */
async function giversOf(db: Db, missing: MissingRight, workspaceId: string): Promise<string[]> {
  if (missing.in === 'installation') {
    const { rows } = await sql<{ name: string }>`
      select name from users where administers_installation and disabled_at is null
      order by name, id limit ${GIVERS_MAX}`.execute(db);
    return rows.map(({ name }) => name);
  }
  const groupId = missing.in === 'group' ? missing.id : null;
  const teamId = missing.in === 'team' ? missing.id : null;
  const { rows } = await sql<{ name: string }>`
    select users.name from (
      select user_id, 0 as distance from group_role
        where workspace_id = ${workspaceId} and group_id = ${groupId} and role = 'administrator' and user_id is not null
      union all
      select team_member.user_id, 0 from group_role
        join team_member on team_member.workspace_id = group_role.workspace_id
          and team_member.team_id = group_role.team_id
        where group_role.workspace_id = ${workspaceId} and group_role.group_id = ${groupId}
          and group_role.role = 'administrator'
      union all
      select user_id, 0 from team_member
        where workspace_id = ${workspaceId} and team_id = ${teamId} and is_administrator
      union all
      select user_id, 1 from member where workspace_id = ${workspaceId} and role = 'administrator'
    ) as giver join users on users.id = giver.user_id and users.disabled_at is null
    group by users.id order by min(giver.distance), users.name, users.id limit ${GIVERS_MAX}`.execute(db);
  return rows.map(({ name }) => name);
}
