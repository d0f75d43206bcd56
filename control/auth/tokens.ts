/** Tokens: shown once, kept as hashes. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import type { Token } from '#api/resources/token.ts';
import { instantPattern, makeCursor, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { invalid, unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import type { TokenTable } from '#control/store/tables.ts';

type Db = Store['db'];

/** What a token begins with, so that it is known as one wherever it turns up. */
const PREFIX = 'rwt_';
const TOKEN_BYTES = 32;
/** The last use is written this often at most. */
const LAST_USE_S = 60;

const shownColumns = ['id', 'name', 'created_at', 'last_used_at', 'expires_at', 'revoked_at'] as const;

export function tokenHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'tokens'> {
  return {
    async 'tokens.list'({ query, principal }) {
      const after = readCursor('tokens', query.cursor, [instantPattern, ID_PATTERN]);
      let rows = db.selectFrom('token').select(shownColumns).where('workspace_id', '=', principal.workspaceId);
      if (after !== undefined) {
        rows = rows.where(sql<boolean>`(created_at, id) < (${after[0]}::timestamptz, ${after[1]})`);
      }
      const found = await rows
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(found, query.limit, {
        item: tokenOf,
        cursor: (row) => makeCursor('tokens', [row.created_at, row.id]),
      });
    },

    async 'tokens.create'({ body, principal }) {
      const made = await createToken(db, { ...body, workspaceId: principal.workspaceId });
      if (made.expiresAt !== null && made.isPast) {
        await db.deleteFrom('token').where('id', '=', made.id).execute();
        throw invalid([{ in: 'body', path: ['expiresAt'], message: `${made.expiresAt} is past` }]);
      }
      const { isPast: _, ...shown } = made;
      return shown;
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

export interface NewToken {
  readonly workspaceId: string;
  readonly name: string;
  readonly expiresAt: string | null;
}

/** Also for the first token of an installation. */
export async function createToken(
  db: Db,
  { workspaceId, name, expiresAt }: NewToken,
): Promise<Token & { readonly token: string; readonly isPast: boolean }> {
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  const row = await db
    .insertInto('token')
    .values({ id: newId(), workspace_id: workspaceId, name, hash: tokenHash(token), expires_at: expiresAt })
    .returning(shownColumns)
    .returning(sql<boolean>`coalesce(expires_at <= dispatch.now(), false)`.as('is_past'))
    .executeTakeFirstOrThrow();
  return { ...tokenOf(row), token, isPast: row.is_past };
}

/** A token has too much chance in it to be guessed: a plain hash does. */
function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/**
 * Who shows the token: any of its workspace, with all rights there. Where there is one workspace, its tokens administer
 * the installation too.
 */
export function tokenAuthenticator({ db }: Pick<Store, 'db'>): (token: string) => Promise<Principal | undefined> {
  return async (token) => {
    if (!token.startsWith(PREFIX)) return undefined;
    const { rows } = await sql<{ id: string; name: string; workspace_id: string; is_due: boolean; is_only: boolean }>`
      select token.id, token.name, token.workspace_id,
        coalesce(token.last_used_at < dispatch.now() - make_interval(secs => ${LAST_USE_S}), true) as is_due,
        not exists (select from workspace where workspace.id <> token.workspace_id) as is_only
      from token join workspace on workspace.id = token.workspace_id
      where token.hash = ${tokenHash(token)} and token.revoked_at is null
        and (token.expires_at is null or token.expires_at > dispatch.now())`.execute(db);
    const [row] = rows;
    if (row === undefined) return undefined;
    if (row.is_due) {
      await db
        .updateTable('token')
        .set({ last_used_at: sql<string>`dispatch.now()` })
        .where('id', '=', row.id)
        .execute();
    }
    return {
      workspaceId: row.workspace_id,
      actor: `token:${row.name}`,
      rateKey: row.id,
      administersInstallation: row.is_only,
    };
  };
}

function tokenOf(row: Pick<Selectable<TokenTable>, (typeof shownColumns)[number]>): Token {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
