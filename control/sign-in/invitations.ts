/** Invitations into a workspace: one-time links for an address, with the role and the teams that it leads to. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Invitation } from '#api/resources/invitation.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, latestFirst } from '#control/http/sorted-list.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { Refusal, invalid, unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { OneTimeLinkTable } from '#control/store/sign-in-tables.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import { signInErrors } from './errors.ts';
import { INVITATION_HOURS, inHours, linkAddress } from './one-time-links.ts';
import type { LinkRow } from './one-time-links.ts';
import { newSecret, secretHash } from './opaque-secret.ts';
import { addMember } from './people.ts';

type Db = Store['db'];

const state = sql<Invitation['state']>`case when used_at is not null then 'accepted' when revoked_at is not null
  then 'revoked' when expires_at <= dispatch.now() then 'expired' else 'open' end`;

type Row = Pick<
  Selectable<OneTimeLinkTable>,
  'id' | 'email' | 'role' | 'team_ids' | 'created_by' | 'created_at' | 'expires_at'
> & { readonly state: Invitation['state'] };

const columns = ['id', 'email', 'role', 'team_ids', 'created_by', 'created_at', 'expires_at'] as const;

type Handlers = HandlersOf<'invitations'>;

export function invitationHandlers({ db }: Pick<Store, 'db'>): Handlers {
  return { ...makingHandlers(db), ...keepingHandlers(db) };
}

type MakingId = 'invitations.create' | 'invitations.resend';

function keepingHandlers(db: Db): Omit<Handlers, MakingId> {
  return {
    async 'invitations.list'({ query, principal }) {
      const list = new SortedList('invitations', query, latestFirst('created_at'));
      let rows = invitations(db, principal);
      if (query.q !== undefined) rows = rows.where('email', 'ilike', containing(query.q));
      if (query.state !== undefined) rows = rows.where(state, 'in', query.state);
      const found = await rows
        .select(columns)
        .select(state.as('state'))
        .where(list.where)
        .orderBy(list.orderBy)
        .limit(list.limit)
        .execute();
      return list.page(found, invitationOf);
    },

    async 'invitations.revoke'({ params, principal }) {
      const { numUpdatedRows } = await db
        .updateTable('one_time_link')
        .set({ revoked_at: sql<string>`coalesce(revoked_at, dispatch.now())` })
        .where('id', '=', params.id)
        .where('kind', '=', 'invitation')
        .where('workspace_id', '=', principal.workspaceId)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw await closed(db, params.id, principal);
    },
  };
}

function makingHandlers(db: Db): Pick<Handlers, MakingId> {
  return {
    async 'invitations.create'({ body, principal, visitor }) {
      await assertNoMember(db, body.email, principal);
      await assertTeams(db, body.teamIds, principal);
      const secret = newSecret('rwl');
      const { role } = body;
      const what = {
        hash: secretHash(secret),
        role,
        team_ids: json(body.teamIds),
        created_by: principal.actor,
        expires_at: inHours(INVITATION_HOURS),
      };
      const row = await db
        .insertInto('one_time_link')
        .values({ ...what, id: newId(), kind: 'invitation', email: body.email, workspace_id: principal.workspaceId })
        // An open one of the same address becomes this one: its link is void.
        .onConflict((conflict) =>
          conflict
            .columns(['workspace_id', 'email'])
            .where(sql<boolean>`kind = 'invitation' and used_at is null and revoked_at is null`)
            .doUpdateSet({ ...what, created_at: sql<string>`dispatch.now()` }),
        )
        .returning(columns)
        .returning(state.as('state'))
        .executeTakeFirstOrThrow();
      return { ...invitationOf(row), link: linkAddress(visitor.origin, secret) };
    },

    async 'invitations.resend'({ params, principal, visitor }) {
      const secret = newSecret('rwl');
      const row = await db
        .updateTable('one_time_link')
        .set({ hash: secretHash(secret), expires_at: inHours(INVITATION_HOURS) })
        .where('id', '=', params.id)
        .where('kind', '=', 'invitation')
        .where('workspace_id', '=', principal.workspaceId)
        .where('used_at', 'is', null)
        .where('revoked_at', 'is', null)
        .returning(columns)
        .returning(state.as('state'))
        .executeTakeFirst();
      if (row === undefined) throw await closed(db, params.id, principal);
      return { ...invitationOf(row), link: linkAddress(visitor.origin, secret) };
    },
  };
}

/** What an invitation that has been taken leads to. */
export async function acceptInvitation(trx: Db, row: LinkRow, userId: string): Promise<void> {
  const { workspace_id: workspaceId, role, team_ids: teamIds } = row;
  // The table lets no invitation be without them.
  if (workspaceId !== null && role !== null) await addMember(trx, { workspaceId, userId, role, teamIds });
}

// Of one workspace alone, whatever else is asked.
const invitations = (db: Db, { workspaceId }: Principal) =>
  db.selectFrom('one_time_link').where('kind', '=', 'invitation').where('workspace_id', '=', workspaceId);

async function closed(db: Db, id: string, principal: Principal): Promise<Refusal> {
  const row = await invitations(db, principal).where('id', '=', id).select(state.as('state')).executeTakeFirst();
  if (row === undefined) return unknown('invitation', id);
  return new Refusal(signInErrors.error('INVITATION_CLOSED', { state: row.state }), 409);
}

async function assertNoMember(db: Db, email: string, { workspaceId }: Principal): Promise<void> {
  const found = await db
    .selectFrom('member')
    .innerJoin('users', 'users.id', 'member.user_id')
    .select('users.id')
    .where('member.workspace_id', '=', workspaceId)
    .where('users.email', '=', email)
    .executeTakeFirst();
  if (found !== undefined) throw new Refusal(signInErrors.error('MEMBER_ALREADY', { email }), 409);
}

async function assertTeams(db: Db, ids: readonly string[], { workspaceId }: Principal): Promise<void> {
  if (ids.length === 0) return;
  const found = await db
    .selectFrom('team')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', ids)
    .execute();
  const known = new Set(found.map(({ id }) => id));
  const errors = ids.flatMap((id, index) =>
    known.has(id) ? [] : [{ in: 'body' as const, path: ['teamIds', index], message: `there is no such team: ${id}` }],
  );
  if (errors.length > 0) throw invalid(errors);
}

function invitationOf(row: Row): Invitation {
  return {
    id: row.id,
    // The table lets no invitation be without them.
    email: row.email ?? '',
    role: row.role ?? 'member',
    teamIds: [...row.team_ids],
    state: row.state,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
