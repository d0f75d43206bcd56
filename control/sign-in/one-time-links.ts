/** Links that are good for one use: to set up the owner, to accept an invitation, to set a new password. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { OneTimeLinkTable } from '#control/store/sign-in-tables.ts';
import type { Store } from '#control/store/store.ts';
import { signInErrors } from './errors.ts';
import { newSecret, secretHash } from './opaque-secret.ts';
import { LINK_PATH } from './link-page.ts';
import { hasOwner } from './people.ts';

type Db = Store['db'];
export type LinkRow = Selectable<OneTimeLinkTable>;

const SETUP_HOURS = 24;
const RESET_HOURS = 24;
export const INVITATION_HOURS = 7 * 24;
/** Of first links, among the advisory locks of the database: there is one at a time. */
const SETUP_LOCK = 0x726f_706c;

export interface MadeLink {
  readonly secret: string;
  readonly expiresAt: string;
}

/** Behind the "#": browsers send it to nobody, so that it stands in no log. */
export function linkAddress(origin: string, secret: string): string {
  return `${origin.replace(/\/+$/, '')}${LINK_PATH}#${secret}`;
}

/** Those that were made before are void. Undefined when there is an owner. */
export async function makeSetupLink(db: Db, createdBy: string): Promise<MadeLink | undefined> {
  return await db.transaction().execute(async (trx) => {
    await lockSetup(trx);
    if (await hasOwner(trx)) return undefined;
    await revokeOpen(trx, sql`kind = 'setup'`);
    return await insertLink(trx, { kind: 'setup', user_id: null, created_by: createdBy, hours: SETUP_HOURS });
  });
}

/** For the first start: undefined also when one is open that was shown before. */
export async function makeFirstSetupLink(db: Db): Promise<MadeLink | undefined> {
  return await db.transaction().execute(async (trx) => {
    await lockSetup(trx);
    const open = await trx
      .selectFrom('one_time_link')
      .select('id')
      .where('kind', '=', 'setup')
      .where(isOpen)
      .executeTakeFirst();
    if (open !== undefined || (await hasOwner(trx))) return undefined;
    return await insertLink(trx, { kind: 'setup', user_id: null, created_by: 'first start', hours: SETUP_HOURS });
  });
}

/** Whoever holds it until the end of the transaction decides alone whether there is an owner. */
export async function lockSetup(trx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${SETUP_LOCK})`.execute(trx);
}

export async function makeResetLink(db: Db, userId: string, createdBy: string): Promise<MadeLink> {
  return await db.transaction().execute(async (trx) => {
    await revokeOpen(trx, sql`kind = 'reset' and user_id = ${userId}`);
    return await insertLink(trx, { kind: 'reset', user_id: userId, created_by: createdBy, hours: RESET_HOURS });
  });
}

const isOpen = sql<boolean>`used_at is null and revoked_at is null and expires_at > dispatch.now()`;

/** Without using it up; throws when it is not good. */
export async function openLink(db: Db, secret: string): Promise<LinkRow> {
  const row = await db
    .selectFrom('one_time_link')
    .selectAll()
    .where('hash', '=', secretHash(secret))
    .where(isOpen)
    .executeTakeFirst();
  if (row === undefined) throw notGood();
  return row;
}

/** Uses it up, with the transaction: of two at the same time one gets it. */
export async function takeLink(trx: Db, secret: string): Promise<LinkRow> {
  const row = await trx
    .updateTable('one_time_link')
    .set({ used_at: sql<string>`dispatch.now()` })
    .where('hash', '=', secretHash(secret))
    .where(isOpen)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw notGood();
  return row;
}

function notGood(): Refusal {
  return new Refusal(signInErrors.error('LINK_INVALID'), 404);
}

async function revokeOpen(trx: Db, which: ReturnType<typeof sql>): Promise<void> {
  await sql`update one_time_link set revoked_at = dispatch.now()
    where used_at is null and revoked_at is null and ${which}`.execute(trx);
}

interface NewLink {
  readonly kind: 'setup' | 'reset';
  readonly user_id: string | null;
  readonly created_by: string;
  readonly hours: number;
}

async function insertLink(trx: Db, { hours, ...row }: NewLink): Promise<MadeLink> {
  const secret = newSecret('rwl');
  const { expires_at: expiresAt } = await trx
    .insertInto('one_time_link')
    .values({ ...row, id: newId(), hash: secretHash(secret), expires_at: inHours(hours) })
    .returning('expires_at')
    .executeTakeFirstOrThrow();
  return { secret, expiresAt };
}

export function inHours(hours: number): ReturnType<typeof sql<string>> {
  return sql<string>`dispatch.now() + make_interval(hours => ${hours})`;
}
