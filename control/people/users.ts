import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { WorkspaceRole } from '#api/endpoint.ts';
import type { Me, User } from '#api/resources/person.ts';
import { definedOnly } from '#control/defined-only.ts';
import { assertVersion } from '#control/definitions/versions.ts';
import { SortedList, byName } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { UsersTable } from '#control/store/people-tables.ts';
import type { Store } from '#control/store/store.ts';
import {
  assertAdministrated,
  assertInstallationAdministrated,
  lockInstallation,
  lockWorkspaces,
} from './last-administrator.ts';
import { namedLike } from './members.ts';

type Db = Store['db'];

/** Workspaces of one person that are told. */
const WORKSPACES_MAX = 200;

const columns = ['id', 'email', 'name', 'administers_installation', 'disabled_at', 'version', 'created_at'] as const;

export function userHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'users'> {
  return {
    async 'users.me'({ principal }) {
      const { userId, workspaceId } = principal;
      const user = userId === null ? null : await theUser(db, userId);
      const workspaces = await workspacesOf(db, userId, principal);
      return {
        user: user === null ? null : { id: user.id, email: user.email, name: user.name },
        actor: principal.actor,
        workspaceId: workspaceId === '' ? null : workspaceId,
        role: principal.role,
        groupRoles: Object.fromEntries(principal.groupRoles),
        administersTeams: [...principal.administersTeams],
        administersInstallation: principal.administersInstallation,
        workspaces,
      };
    },

    async 'users.list'({ query }) {
      const list = new SortedList('users', query, byName());
      let rows = db.selectFrom('users').select(columns);
      if (query.q !== undefined) rows = rows.where(namedLike(query.q));
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, userOf);
    },

    'users.get': ({ params }) => theUser(db, params.id),

    async 'users.update'({ params: { id }, body, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        await lockInstallation(trx);
        const workspaceIds = await administratedBy(trx, id);
        await lockWorkspaces(trx, workspaceIds);
        const before = await theUser(trx, id, true);
        assertVersion('user', before.version, ifMatch);
        const after = { ...before, ...definedOnly(body) };
        const isSame = Object.keys(body).every((key) => before[key as keyof User] === after[key as keyof User]);
        if (isSame) return before;
        await trx
          .updateTable('users')
          .set({
            name: after.name,
            administers_installation: after.administersInstallation,
            disabled_at: after.isDisabled ? sql<string>`coalesce(disabled_at, dispatch.now())` : null,
            version: before.version + 1,
          })
          .where('id', '=', id)
          .execute();
        if (before.administersInstallation && !before.isDisabled) await assertInstallationAdministrated(trx);
        if (!before.isDisabled && after.isDisabled) await assertAdministrated(trx, workspaceIds);
        return theUser(trx, id);
      });
    },
  };
}

async function administratedBy(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('member')
    .select('workspace_id')
    .where('user_id', '=', userId)
    .where('role', '=', 'administrator')
    .execute();
  return rows.map((row) => row.workspace_id);
}

/** A token of a service belongs to one workspace, with what it may do there. */
async function workspacesOf(
  db: Db,
  userId: string | null,
  { workspaceId, role }: { readonly workspaceId: string; readonly role: WorkspaceRole | null },
): Promise<Me['workspaces']> {
  const { rows } = await sql<{ id: string; name: string; role: WorkspaceRole; is_suspended: boolean }>`
    select workspace.id, workspace.name, coalesce(member.role, ${role}, 'member') as role,
      workspace.suspended_at is not null as is_suspended
    from workspace left join member on member.workspace_id = workspace.id and member.user_id = ${userId}
    where case when ${userId}::text is null then workspace.id = ${workspaceId} else member.user_id is not null end
    order by workspace.name, workspace.id limit ${WORKSPACES_MAX}`.execute(db);
  return rows.map(({ is_suspended: isSuspended, ...row }) => ({ ...row, isSuspended }));
}

export async function theUser(db: Db, id: string, isLocked = false): Promise<User> {
  const query = db.selectFrom('users').select(columns).where('id', '=', id);
  const row = await (isLocked ? query.forNoKeyUpdate() : query).executeTakeFirst();
  if (row === undefined) throw unknown('user', id);
  return userOf(row);
}

function userOf(row: Pick<Selectable<UsersTable>, (typeof columns)[number]>): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    administersInstallation: row.administers_installation,
    isDisabled: row.disabled_at !== null,
    version: row.version,
    createdAt: row.created_at,
  };
}
