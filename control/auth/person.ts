/** What a person may do, from the roles that workspace, teams and groups give. */
import { sql } from 'kysely';
import { roles } from '#api/endpoint.ts';
import type { Role, WorkspaceRole } from '#api/endpoint.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import { narrower } from './rights.ts';

export interface PersonToLetIn {
  readonly userId: string;
  /** By default the workspace that the person has belonged to for longest. */
  readonly workspaceId?: string | undefined;
  readonly rateKey: string;
  readonly tokenId?: string | null;
  /** Of a token: no role is wider. */
  readonly cap?: Role;
}

interface Row {
  readonly email: string;
  readonly administers_installation: boolean;
  readonly workspace_id: string | null;
  readonly role: WorkspaceRole | null;
  readonly group_roles: Readonly<Record<string, number>>;
  readonly teams: readonly string[];
}

/**
 * Undefined for somebody who is not let in any more. Of somebody who does not belong to the workspace that is asked
 * for, or to any, `workspaceId` is empty.
 */
export async function personPrincipal(
  db: Store['db'],
  { userId, workspaceId, rateKey, tokenId = null, cap = 'administrator' }: PersonToLetIn,
): Promise<Principal | undefined> {
  const { rows } = await sql<Row>`
    select users.email, users.administers_installation, belongs.workspace_id, belongs.role,
      coalesce((
        select jsonb_object_agg(group_id, rank) from (
          select group_id, max(array_position(${[...roles]}::text[], role)) as rank from group_role
          where workspace_id = belongs.workspace_id and (user_id = users.id or team_id in (
            select team_id from team_member
            where team_member.workspace_id = belongs.workspace_id and team_member.user_id = users.id))
          group by group_id
        ) as given), '{}') as group_roles,
      array(select team_id from team_member where team_member.workspace_id = belongs.workspace_id
        and team_member.user_id = users.id and is_administrator) as teams
    from users left join lateral (
      select workspace_id, role from member
      where member.user_id = users.id
        and (${workspaceId ?? null}::text is null or workspace_id = ${workspaceId ?? null})
      order by member.created_at, workspace_id limit 1) as belongs on true
    where users.id = ${userId} and users.disabled_at is null`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const isWhole = cap === 'administrator';
  return {
    workspaceId: row.workspace_id ?? '',
    userId,
    tokenId,
    actor: `user:${row.email}`,
    rateKey,
    role: row.role === null || row.role === 'member' ? null : narrower(row.role, cap),
    groupRoles: new Map(
      Object.entries(row.group_roles).flatMap(([groupId, rank]) => {
        const role = roles[rank - 1];
        return role === undefined ? [] : [[groupId, narrower(role, cap)] as const];
      }),
    ),
    administersTeams: new Set(isWhole ? row.teams : []),
    cap,
    administersInstallation: isWhole && row.administers_installation,
  };
}
