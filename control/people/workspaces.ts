/** The workspaces of the installation, for those who manage it. What is in one they see only as its members. */
import { sql } from 'kysely';
import type { ManagedWorkspace } from '#api/resources/workspace.ts';
import { assertVersion, namedOnce } from '#control/definitions/versions.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, byName } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { invalid, unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { lockWorkspaces } from './last-administrator.ts';
import { findMember, setRole } from './members.ts';
import { theUser } from './users.ts';

type Db = Store['db'];

export function workspaceHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'workspaces'> {
  return {
    async 'workspaces.list'({ query }) {
      const list = new SortedList('workspaces', query, byName());
      let rows = selectWorkspaces(db);
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, workspaceOf);
    },

    async 'workspaces.create'({ body, principal }) {
      const id = newId();
      const administratorId = body.administratorId ?? principal.userId;
      return db.transaction().execute(async (trx) => {
        const row = { id, name: body.name, weight: body.weight, guaranteed_seats: body.guaranteedSeats };
        await namedOnce('workspace', body.name, () => trx.insertInto('workspace').values(row).execute());
        if (administratorId !== null) {
          await assertUser(trx, administratorId);
          await setRole(trx, { workspaceId: id, userId: administratorId, role: 'administrator', before: undefined });
        }
        return theWorkspace(trx, id);
      });
    },

    'workspaces.get': ({ params }) => theWorkspace(db, params.id),

    async 'workspaces.update'({ params: { id }, body, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        await lockWorkspaces(trx, [id]);
        const before = await theWorkspace(trx, id);
        assertVersion('workspace', before.version, ifMatch);
        const name = body.name ?? before.name;
        const weight = body.weight ?? before.weight;
        const seats = body.guaranteedSeats ?? before.guaranteedSeats;
        const isSuspended = body.isSuspended ?? before.isSuspended;
        const update = trx
          .updateTable('workspace')
          .set({ name, weight, guaranteed_seats: seats, version: before.version + 1 })
          .set({ suspended_at: isSuspended ? sql<string>`coalesce(suspended_at, dispatch.now())` : null })
          .where('id', '=', id)
          .where((is) =>
            is.or([
              is('name', '<>', name),
              is('weight', '<>', weight),
              is('guaranteed_seats', '<>', seats),
              is(sql<boolean>`suspended_at is not null`, '<>', isSuspended),
            ]),
          );
        await namedOnce('workspace', name, () => update.execute());
        return theWorkspace(trx, id);
      });
    },

    async 'workspaces.putMember'({ params: { id, userId }, body: { role } }) {
      return db.transaction().execute(async (trx) => {
        await lockWorkspaces(trx, [id]);
        await theWorkspace(trx, id);
        await theUser(trx, userId);
        return setRole(trx, { workspaceId: id, userId, role, before: await findMember(trx, id, userId) });
      });
    },
  };
}

async function assertUser(db: Db, id: string): Promise<void> {
  const row = await db.selectFrom('users').select('id').where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return;
  throw invalid([{ in: 'body', path: ['administratorId'], message: `there is no such person: ${id}` }]);
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectWorkspaces(db: Db) {
  return db
    .selectFrom('workspace')
    .select(['id', 'name', 'weight', 'guaranteed_seats', 'suspended_at', 'version', 'created_at'])
    .select(sql<number>`(select count(*)::integer from member where workspace_id = workspace.id)`.as('members'));
}

type WorkspaceRow = Awaited<ReturnType<ReturnType<typeof selectWorkspaces>['executeTakeFirstOrThrow']>>;

function workspaceOf(row: WorkspaceRow): ManagedWorkspace {
  return {
    id: row.id,
    name: row.name,
    isSuspended: row.suspended_at !== null,
    createdAt: row.created_at,
    weight: row.weight,
    guaranteedSeats: row.guaranteed_seats,
    membersCount: row.members,
    version: row.version,
  };
}

async function theWorkspace(db: Db, id: string): Promise<ManagedWorkspace> {
  const row = await selectWorkspaces(db).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw unknown('workspace', id);
  return workspaceOf(row);
}
