import { sql } from 'kysely';
import type { WorkspaceRole } from '#api/endpoint.ts';
import type { Member } from '#api/resources/person.ts';
import { assertVersion } from '#control/definitions/versions.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, byName } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { assertAdministrated, lockWorkspaces } from './last-administrator.ts';

type Db = Store['db'];

export function memberHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'members'> {
  return {
    async 'members.list'({ query, principal }) {
      const list = new SortedList('members', query, byName('users.name'));
      let rows = selectMembers(db, principal.workspaceId);
      if (query.role !== undefined) rows = rows.where('member.role', '=', query.role);
      if (query.q !== undefined) rows = rows.where(namedLike(query.q));
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, memberOf);
    },

    'members.get': ({ params, principal }) => theMember(db, principal.workspaceId, params.id),

    async 'members.update'({ params: { id }, body: { role }, principal: { workspaceId }, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        await lockWorkspaces(trx, [workspaceId]);
        const before = await theMember(trx, workspaceId, id);
        assertVersion('member', before.version, ifMatch);
        if (role === undefined || role === before.role) return before;
        return setRole(trx, { workspaceId, userId: id, role, before });
      });
    },

    async 'members.remove'({ params: { id }, principal: { workspaceId }, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        await lockWorkspaces(trx, [workspaceId]);
        const before = await theMember(trx, workspaceId, id);
        if (ifMatch !== undefined) assertVersion('member', before.version, ifMatch);
        await trx.deleteFrom('member').where('workspace_id', '=', workspaceId).where('user_id', '=', id).execute();
        await trx
          .updateTable('token')
          .set({ revoked_at: sql<string>`dispatch.now()` })
          .where('workspace_id', '=', workspaceId)
          .where('user_id', '=', id)
          .where('revoked_at', 'is', null)
          .execute();
        if (before.role === 'administrator') await assertAdministrated(trx, [workspaceId]);
      });
    },
  };
}

interface RoleChange {
  readonly workspaceId: string;
  readonly userId: string;
  readonly role: WorkspaceRole;
  /** Undefined for somebody who does not belong to it yet. */
  readonly before: Member | undefined;
}

/** Of a workspace that is locked. */
export async function setRole(trx: Db, { workspaceId, userId, role, before }: RoleChange): Promise<Member> {
  await sql`
    insert into member (workspace_id, user_id, role) values (${workspaceId}, ${userId}, ${role})
    on conflict (workspace_id, user_id) do update set role = excluded.role, version = member.version + 1`.execute(trx);
  if (before?.role === 'administrator') await assertAdministrated(trx, [workspaceId]);
  return theMember(trx, workspaceId, userId);
}

export async function theMember(db: Db, workspaceId: string, userId: string): Promise<Member> {
  const found = await findMember(db, workspaceId, userId);
  if (found === undefined) throw unknown('member', userId);
  return found;
}

export async function findMember(db: Db, workspaceId: string, userId: string): Promise<Member | undefined> {
  const row = await selectMembers(db, workspaceId).where('member.user_id', '=', userId).executeTakeFirst();
  return row === undefined ? undefined : memberOf(row);
}

/** Of a statement that has the table `users`. */
export function namedLike(text: string): ReturnType<typeof sql<boolean>> {
  const pattern = containing(text);
  return sql<boolean>`(users.name ilike ${pattern} or users.email ilike ${pattern})`;
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectMembers(db: Db, workspaceId: string) {
  return db
    .selectFrom('member')
    .innerJoin('users', 'users.id', 'member.user_id')
    .select(['users.id', 'users.email', 'users.name', 'users.disabled_at'])
    .select(['member.role', 'member.version', 'member.created_at'])
    .where('member.workspace_id', '=', workspaceId);
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirstOrThrow']>>;

function memberOf(row: MemberRow): Member {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    isDisabled: row.disabled_at !== null,
    version: row.version,
    createdAt: row.created_at,
  };
}
