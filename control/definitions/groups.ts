import { sql } from 'kysely';
import type { Group } from '#api/resources/group.ts';
import type { ResourceReference } from '#api/problem.ts';
import { giveRole } from '#control/auth/group-roles.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, byName } from '#control/http/sorted-list.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { Refusal, invalid, unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import type { GroupsTable } from '#control/store/tables.ts';
import type { Selectable } from 'kysely';
import { definitionErrors } from './errors.ts';
import { assertVersion, namedOnce } from './versions.ts';

const USERS_MAX = 100;

export function groupHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'groups'> {
  return {
    async 'groups.list'({ query, principal }) {
      const list = new SortedList('groups', query, byName());
      let rows = db.selectFrom('groups').selectAll().where('workspace_id', '=', principal.workspaceId);
      rows = rows.where(visibleTo(principal, 'id'));
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      return list.page(await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute(), groupOf);
    },

    async 'groups.create'({ body, principal }) {
      const { workspaceId, userId } = principal;
      return db.transaction().execute(async (trx) => {
        const insert = trx
          .insertInto('groups')
          .values({ id: newId(), workspace_id: workspaceId, name: body.name })
          .returningAll();
        const group = await namedOnce('group', body.name, () => insert.executeTakeFirstOrThrow());
        if (userId !== null) {
          await giveRole(trx, { workspaceId, groupId: group.id, role: 'administrator', userId, teamId: null });
        }
        return groupOf(group);
      });
    },

    async 'groups.get'({ params, principal }) {
      return groupOf(await theGroup(db, params.id, principal));
    },

    async 'groups.update'({ params, body, principal, ifMatch }) {
      const { name } = body;
      return db.transaction().execute(async (trx) => {
        const before = await theGroup(trx, params.id, principal, true);
        assertVersion('group', before.version, ifMatch);
        if (name === undefined || name === before.name) return groupOf(before);
        const update = trx
          .updateTable('groups')
          .set({ name, version: before.version + 1 })
          .where('id', '=', params.id)
          .where('workspace_id', '=', principal.workspaceId)
          .returningAll();
        return groupOf(await namedOnce('group', name, () => update.executeTakeFirstOrThrow()));
      });
    },

    async 'groups.delete'({ params, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const group = await theGroup(trx, params.id, principal, true);
        if (ifMatch !== undefined) assertVersion('group', group.version, ifMatch);
        const users = await usersOfGroup(trx, group.id);
        if (users.length > 0) {
          const error = definitionErrors.error('RESOURCE_IN_USE', { kind: 'group', name: group.name });
          throw new Refusal(error, 409, { users });
        }
        await trx
          .deleteFrom('groups')
          .where('id', '=', group.id)
          .where('workspace_id', '=', principal.workspaceId)
          .execute();
      });
    },
  };
}

type Db = Store['db'];

async function theGroup(
  db: Db,
  id: string,
  { workspaceId }: Principal,
  isLocked = false,
): Promise<Selectable<GroupsTable>> {
  const query = db.selectFrom('groups').selectAll().where('id', '=', id).where('workspace_id', '=', workspaceId);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('group', id);
  return found;
}

/** Throws when something is to belong to a group that is not one of the workspace. */
export async function assertGroup(db: Db, groupId: string | null | undefined, principal: Principal): Promise<void> {
  if (groupId === null || groupId === undefined) return;
  const found = await db
    .selectFrom('groups')
    .select('id')
    .where('id', '=', groupId)
    .where('workspace_id', '=', principal.workspaceId)
    .executeTakeFirst();
  if (found === undefined) {
    throw invalid([{ in: 'body', path: ['groupId'], message: `there is no such group: ${groupId}` }]);
  }
}

async function usersOfGroup(db: Db, groupId: string): Promise<ResourceReference[]> {
  const { rows } = await sql<ResourceReference>`
    select 'connection' as kind, id, name from connection where group_id = ${groupId}
    union all
    select kind, id, name from definition where group_id = ${groupId}
    union all
    select 'managed-transfer', id, name from managed_transfer where group_id = ${groupId}
    order by name limit ${USERS_MAX}`.execute(db);
  return rows;
}

function groupOf({ id, name, version, created_at: createdAt }: Selectable<GroupsTable>): Group {
  return { id, name, version, createdAt };
}
