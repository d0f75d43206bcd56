/** Who may do what in a group. The group itself was found when the rights were looked at. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Role } from '#api/endpoint.ts';
import { ID_PATTERN } from '#api/fields.ts';
import type { Grant } from '#api/resources/person.ts';
import { giveRole } from '#control/auth/group-roles.ts';
import { makeCursor, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

interface Row {
  /** Of the row, which is older the smaller it is. */
  readonly position: string;
  readonly kind: Grant['kind'];
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_at: string;
}

interface Grantee {
  readonly kind: Grant['kind'];
  readonly granteeId: string;
}

export function grantHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'grants'> {
  return {
    async 'grants.list'({ params, query, principal: { workspaceId } }) {
      await assertGroupOf(db, workspaceId, params.id);
      const [after = ''] = readCursor('grants', query.cursor, [ID_PATTERN]) ?? [];
      const { rows } = await sql<Row>`${selectGrants(workspaceId, params.id)}
        and group_role.id > ${after} order by group_role.id limit ${query.limit + 1}`.execute(db);
      return pageOfRows(rows, query.limit, {
        item: grantOf,
        cursor: ({ position }) => makeCursor('grants', [position]),
      });
    },

    async 'grants.put'({ params: { id: groupId, ...grantee }, body: { role }, principal: { workspaceId } }) {
      return db.transaction().execute(async (trx) => {
        await assertGroupOf(trx, workspaceId, groupId);
        await lockGrantee(trx, workspaceId, grantee);
        const { teamId, userId } = idsOf(grantee);
        await giveRole(trx, { workspaceId, groupId, role, teamId, userId });
        const { rows } = await sql<Row>`${selectGrants(workspaceId, groupId)} and ${isOf(grantee)}`.execute(trx);
        const [row] = rows;
        if (row === undefined) throw unknown(grantee.kind, grantee.granteeId);
        return grantOf(row);
      });
    },

    async 'grants.delete'({ params: { id: groupId, ...grantee }, principal: { workspaceId } }) {
      const { numAffectedRows = 0n } = await sql`
        delete from group_role where workspace_id = ${workspaceId} and group_id = ${groupId} and ${isOf(grantee)}`.execute(
        db,
      );
      if (numAffectedRows === 0n) throw unknown('grant', grantee.granteeId);
    },
  };
}

function idsOf({ kind, granteeId }: Grantee): { teamId: string | null; userId: string | null } {
  return { teamId: kind === 'team' ? granteeId : null, userId: kind === 'user' ? granteeId : null };
}

function isOf({ kind, granteeId }: Grantee): RawBuilder<boolean> {
  return kind === 'team' ? sql`group_role.team_id = ${granteeId}` : sql`group_role.user_id = ${granteeId}`;
}

function selectGrants(workspaceId: string, groupId: string): RawBuilder<Row> {
  return sql<Row>`
    select group_role.id as position, group_role.role, group_role.created_at,
      case when group_role.team_id is null then 'user' else 'team' end as kind,
      coalesce(group_role.team_id, group_role.user_id) as id, coalesce(team.name, users.name) as name
    from group_role left join team on team.id = group_role.team_id left join users on users.id = group_role.user_id
    where group_role.workspace_id = ${workspaceId} and group_role.group_id = ${groupId}`;
}

function grantOf({ kind, id, name, role, created_at: createdAt }: Row): Grant {
  return { kind, id, name, role, createdAt };
}

/** Also for those whose role in the workspace lets them in without a look at the group. */
async function assertGroupOf(db: Db, workspaceId: string, id: string): Promise<void> {
  const { rows } = await sql`
    select from groups where id = ${id} and workspace_id = ${workspaceId} for key share`.execute(db);
  if (rows.length === 0) throw unknown('group', id);
}

/** Stays what it is until the role is written. */
async function lockGrantee(trx: Db, workspaceId: string, { kind, granteeId }: Grantee): Promise<void> {
  const { rows } =
    kind === 'team'
      ? await sql`select from team where workspace_id = ${workspaceId} and id = ${granteeId} for key share`.execute(trx)
      : await sql`
          select from member where workspace_id = ${workspaceId} and user_id = ${granteeId} for key share`.execute(trx);
  if (rows.length === 0) throw unknown(kind === 'team' ? 'team' : 'member', granteeId);
}
