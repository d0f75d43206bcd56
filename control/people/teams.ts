import { sql } from 'kysely';
import type { Team, TeamMember } from '#api/resources/person.ts';
import { assertVersion, namedOnce } from '#control/definitions/versions.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, byName } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'teams'>;
type MemberId = 'teams.members' | 'teams.putMember' | 'teams.removeMember';

export function teamHandlers({ db }: Pick<Store, 'db'>): Handlers {
  return { ...ownHandlers(db), ...memberHandlers(db) };
}

function ownHandlers(db: Db): Omit<Handlers, MemberId> {
  return {
    async 'teams.list'({ query, principal }) {
      const list = new SortedList('teams', query, byName());
      let rows = selectTeams(db, principal.workspaceId);
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, teamOf);
    },

    async 'teams.create'({ body, principal: { workspaceId } }) {
      const row = { id: newId(), workspace_id: workspaceId, name: body.name };
      await namedOnce('team', body.name, () => db.insertInto('team').values(row).execute());
      return theTeam(db, workspaceId, row.id);
    },

    'teams.get': ({ params, principal }) => theTeam(db, principal.workspaceId, params.id),

    async 'teams.update'({ params: { id }, body: { name }, principal: { workspaceId }, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theTeam(trx, workspaceId, id, true);
        assertVersion('team', before.version, ifMatch);
        if (name === undefined || name === before.name) return before;
        const update = trx
          .updateTable('team')
          .set({ name, version: before.version + 1 })
          .where('id', '=', id)
          .where('workspace_id', '=', workspaceId);
        await namedOnce('team', name, () => update.execute());
        return theTeam(trx, workspaceId, id);
      });
    },

    async 'teams.delete'({ params: { id }, principal: { workspaceId }, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const { version } = await theTeam(trx, workspaceId, id, true);
        if (ifMatch !== undefined) assertVersion('team', version, ifMatch);
        await trx.deleteFrom('team').where('id', '=', id).where('workspace_id', '=', workspaceId).execute();
      });
    },
  };
}

function memberHandlers(db: Db): Pick<Handlers, MemberId> {
  return {
    async 'teams.members'({ params, query, principal: { workspaceId } }) {
      await theTeam(db, workspaceId, params.id);
      const list = new SortedList('team members', query, byName('users.name'));
      let rows = selectTeamMembers(db, workspaceId, params.id);
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, teamMemberOf);
    },

    async 'teams.putMember'({ params: { id, userId }, body: { isAdministrator }, principal: { workspaceId } }) {
      await theTeam(db, workspaceId, id);
      // Only a member of the workspace is found, and the keys see to it that he still is one.
      await sql`
        insert into team_member (team_id, workspace_id, user_id, is_administrator)
        select ${id}, workspace_id, user_id, ${isAdministrator} from member
        where workspace_id = ${workspaceId} and user_id = ${userId}
        on conflict (team_id, user_id) do update set is_administrator = excluded.is_administrator`.execute(db);
      const row = await selectTeamMembers(db, workspaceId, id).where('users.id', '=', userId).executeTakeFirst();
      if (row === undefined) throw unknown('member', userId);
      return teamMemberOf(row);
    },

    async 'teams.removeMember'({ params: { id, userId }, principal: { workspaceId } }) {
      const { numDeletedRows } = await db
        .deleteFrom('team_member')
        .where('team_id', '=', id)
        .where('workspace_id', '=', workspaceId)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw unknown('team member', userId);
    },
  };
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectTeams(db: Db, workspaceId: string) {
  return db
    .selectFrom('team')
    .select(['id', 'name', 'version', 'created_at'])
    .select(sql<number>`(select count(*)::integer from team_member where team_id = team.id)`.as('members'))
    .where('workspace_id', '=', workspaceId);
}

type TeamRow = Awaited<ReturnType<ReturnType<typeof selectTeams>['executeTakeFirstOrThrow']>>;

function teamOf({ id, name, version, members, created_at: createdAt }: TeamRow): Team {
  return { id, name, membersCount: members, version, createdAt };
}

async function theTeam(db: Db, workspaceId: string, id: string, isLocked = false): Promise<Team> {
  const query = selectTeams(db, workspaceId).where('id', '=', id);
  const row = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (row === undefined) throw unknown('team', id);
  return teamOf(row);
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectTeamMembers(db: Db, workspaceId: string, teamId: string) {
  return db
    .selectFrom('team_member')
    .innerJoin('users', 'users.id', 'team_member.user_id')
    .select(['users.id', 'users.email', 'users.name', 'team_member.is_administrator', 'team_member.created_at'])
    .where('team_member.workspace_id', '=', workspaceId)
    .where('team_member.team_id', '=', teamId);
}

type TeamMemberRow = Awaited<ReturnType<ReturnType<typeof selectTeamMembers>['executeTakeFirstOrThrow']>>;

function teamMemberOf({ id, email, name, ...row }: TeamMemberRow): TeamMember {
  return { id, email, name, isAdministrator: row.is_administrator, createdAt: row.created_at };
}
