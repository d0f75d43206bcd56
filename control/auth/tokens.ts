/** Tokens: shown once, kept as hashes. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Role } from '#api/endpoint.ts';
import type { Token, TokenCreated } from '#api/resources/token.ts';
import { assertGroup } from '#control/definitions/groups.ts';
import { SortedList, latestFirst } from '#control/http/sorted-list.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { invalid, unknown } from '#control/http/refusal.ts';
import type { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { personPrincipal } from './person.ts';
import { holds } from './rights.ts';
import { roleMissing } from './role-missing.ts';
import { visibleTo } from './visible.ts';

type Db = Store['db'];

/** What a token begins with, so that it is known as one wherever it turns up. */
const PREFIX = 'rwt_';
const TOKEN_BYTES = 32;
/** The last use is written this often at most. */
const LAST_USE_S = 60;

export function tokenHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'tokens'> {
  return {
    async 'tokens.list'({ query, principal }) {
      const list = new SortedList('tokens', query, latestFirst('created_at', 'token'));
      let rows = selectTokens(db)
        .where('token.workspace_id', '=', principal.workspaceId)
        .where(
          sql<boolean>`(${visibleTo(principal, 'token.group_id', 'administrator')}
            or coalesce(token.user_id = ${principal.userId}, false))`,
        );
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, tokenOf);
    },

    async 'tokens.create'({ body, principal }) {
      const { workspaceId, actor } = principal;
      await assertGroup(db, body.groupId, principal);
      if (body.administersInstallation) {
        if (body.groupId !== null)
          throw problemOf('groupId', 'a token for one group cannot administer the installation');
        if (!principal.administersInstallation) {
          throw await roleMissing(db, principal, { role: 'administrator', in: 'installation', id: null });
        }
      }
      return shownOnce(db, { ...body, workspaceId, createdBy: actor });
    },

    async 'tokens.createOwn'({ body, principal }) {
      const { workspaceId, actor, userId, cap } = principal;
      if (workspaceId === '') throw await roleMissing(db, principal, { role: 'member', in: 'workspace', id: null });
      // What a token makes is not to outgrow it.
      if (!holds(cap, body.role)) throw problemOf('role', `this token may make none that is wider than ${cap}`);
      return shownOnce(db, { ...body, workspaceId, userId, createdBy: actor });
    },

    async 'tokens.revoke'({ params, principal }) {
      const { numUpdatedRows } = await db
        .updateTable('token')
        .set({ revoked_at: sql<string>`coalesce(revoked_at, dispatch.now())` })
        .where('id', '=', params.id)
        .where('workspace_id', '=', principal.workspaceId)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw unknown('token', params.id);
    },
  };
}

function problemOf(field: string, message: string): Refusal {
  return invalid([{ in: 'body', path: [field], message }]);
}

async function shownOnce(db: Db, given: NewToken): Promise<TokenCreated> {
  return db.transaction().execute(async (trx) => {
    const { isPast, ...made } = await createToken(trx, given);
    if (isPast) throw problemOf('expiresAt', `${made.expiresAt} is past`);
    return made;
  });
}

export interface NewToken {
  readonly workspaceId: string;
  readonly name: string;
  readonly expiresAt: string | null;
  /** Of the token; of a person's the widest that counts. */
  readonly role?: Role;
  /** Of a service, for one group. */
  readonly groupId?: string | null;
  readonly userId?: string | null;
  readonly administersInstallation?: boolean;
  readonly createdBy?: string;
}

/** Also for the first token of an installation. */
export async function createToken(
  db: Db,
  { workspaceId, name, expiresAt, ...rest }: NewToken,
): Promise<Token & { readonly token: string; readonly isPast: boolean }> {
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  const row = await db
    .insertInto('token')
    .values({
      id: newId(),
      workspace_id: workspaceId,
      name,
      hash: tokenHash(token),
      expires_at: expiresAt,
      role: rest.role ?? 'administrator',
      group_id: rest.groupId ?? null,
      user_id: rest.userId ?? null,
      administers_installation: rest.administersInstallation ?? false,
      created_by: rest.createdBy ?? null,
    })
    .returning('id')
    .returning(sql<boolean>`coalesce(expires_at <= dispatch.now(), false)`.as('is_past'))
    .executeTakeFirstOrThrow();
  const made = await selectTokens(db).where('token.id', '=', row.id).executeTakeFirstOrThrow();
  return { ...tokenOf(made), token, isPast: row.is_past };
}

/** A token has too much chance in it to be guessed: a plain hash does. */
function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly workspace_id: string;
  readonly user_id: string | null;
  readonly group_id: string | null;
  readonly role: Role;
  readonly administers_installation: boolean;
  readonly is_due: boolean;
}

/** Who shows the token: a person, who may do no more than the role of the token says; or a service. */
export function tokenAuthenticator({ db }: Pick<Store, 'db'>): (token: string) => Promise<Principal | undefined> {
  return async (token) => {
    if (!token.startsWith(PREFIX)) return undefined;
    const { rows } = await sql<Shown>`
      select id, name, workspace_id, user_id, group_id, role, administers_installation,
        coalesce(last_used_at < dispatch.now() - make_interval(secs => ${LAST_USE_S}), true) as is_due
      from token
      where hash = ${tokenHash(token)} and revoked_at is null
        and (expires_at is null or expires_at > dispatch.now())`.execute(db);
    const [row] = rows;
    if (row === undefined) return undefined;
    const principal = row.user_id === null ? servicePrincipal(row) : await tokenOfPerson(db, row, row.user_id);
    if (principal !== undefined && row.is_due) {
      await db
        .updateTable('token')
        .set({ last_used_at: sql<string>`dispatch.now()` })
        .where('id', '=', row.id)
        .execute();
    }
    return principal;
  };
}

function servicePrincipal(row: Shown): Principal {
  const { id, role, group_id: groupId } = row;
  return {
    workspaceId: row.workspace_id,
    userId: null,
    tokenId: id,
    actor: `token:${row.name}`,
    rateKey: id,
    role: groupId === null ? role : null,
    groupRoles: new Map(groupId === null ? [] : [[groupId, role]]),
    administersTeams: new Set(),
    cap: role,
    administersInstallation: row.administers_installation,
  };
}

/** Of somebody who has left the workspace it is refused. */
async function tokenOfPerson(db: Db, row: Shown, userId: string): Promise<Principal | undefined> {
  const { id, workspace_id: workspaceId, role: cap } = row;
  const principal = await personPrincipal(db, { userId, workspaceId, rateKey: id, tokenId: id, cap });
  return principal?.workspaceId === workspaceId ? principal : undefined;
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectTokens(db: Db) {
  return db
    .selectFrom('token')
    .leftJoin('users', 'users.id', 'token.user_id')
    .select(['token.id', 'token.name', 'token.role', 'token.group_id', 'token.user_id', 'token.created_by'])
    .select(['token.administers_installation', 'token.created_at', 'token.last_used_at', 'token.expires_at'])
    .select(['token.revoked_at', 'users.name as owner_name']);
}

type TokenRow = Awaited<ReturnType<ReturnType<typeof selectTokens>['executeTakeFirstOrThrow']>>;

function tokenOf(row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    kind: row.user_id === null ? 'service' : 'personal',
    role: row.role,
    groupId: row.group_id,
    userId: row.user_id,
    ownerName: row.owner_name,
    administersInstallation: row.administers_installation,
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
