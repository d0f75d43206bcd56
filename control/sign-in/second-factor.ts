/** The second factor of a person: an authenticator app, and recovery codes for the day when it is lost. */
import { sql } from 'kysely';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { openSecret, sealSecret } from '#control/secrets/envelope.ts';
import type { Store } from '#control/store/store.ts';
import { newRecoveryCodes, recoveryCodeHash } from './recovery-codes.ts';
import { base32, newTotpSecret, stepOfCode, totpUri } from './totp.ts';

type Db = Store['db'];

/** Shown by the app beside its codes. */
const ISSUER = 'Ropeway';

/** Its envelope opens for this person alone. */
export function secondFactorPlace(userId: string): { connectionId: string; path: string } {
  return { connectionId: `second-factor:${userId}`, path: 'secret' };
}

export interface Person {
  readonly id: string;
  readonly email: string;
}

/** Makes a secret, instead of one that was not confirmed; undefined when one is confirmed already. */
export async function startSecondFactor(
  db: Db,
  keys: KeyRing,
  person: Person,
): Promise<{ readonly secret: string; readonly uri: string } | undefined> {
  const secret = newTotpSecret();
  const envelope = sealSecret(keys, secondFactorPlace(person.id), Buffer.from(secret).toString('base64url'));
  const { rows } = await sql`
    insert into second_factor as known (user_id, secret) values (${person.id}, ${envelope})
    on conflict (user_id) do update set secret = excluded.secret, last_step = 0, created_at = dispatch.now()
      where known.confirmed_at is null
    returning user_id`.execute(db);
  if (rows.length === 0) return undefined;
  return { secret: base32(secret), uri: totpUri(secret, { issuer: ISSUER, account: person.email }) };
}

/** Switches it on by a code of it. Undefined when the code is wrong. */
export async function confirmSecondFactor(
  db: Db,
  keys: KeyRing,
  { userId, code }: { readonly userId: string; readonly code: string },
): Promise<string[] | undefined> {
  return await db.transaction().execute(async (trx) => {
    if (!(await useTotpCode(trx, keys, { userId, code, isConfirmed: false }))) return undefined;
    await trx
      .updateTable('second_factor')
      .set({ confirmed_at: sql<string>`dispatch.now()` })
      .where('user_id', '=', userId)
      .execute();
    return await renewRecoveryCodes(trx, userId);
  });
}

/** Those from before are void. */
export async function renewRecoveryCodes(trx: Db, userId: string): Promise<string[]> {
  const codes = newRecoveryCodes();
  await trx.deleteFrom('recovery_code').where('user_id', '=', userId).execute();
  const rows = codes.map((code) => ({ user_id: userId, hash: recoveryCodeHash(code) }));
  await trx.insertInto('recovery_code').values(rows).execute();
  return codes;
}

/** Whether it is a code of the app or a recovery code; it is used up. */
export async function proveSecondFactor(
  db: Db,
  keys: KeyRing,
  { userId, code }: { readonly userId: string; readonly code: string },
): Promise<boolean> {
  const digits = code.replaceAll(/\s/g, '');
  if (/^\d{6}$/.test(digits)) return await useTotpCode(db, keys, { userId, code: digits, isConfirmed: true });
  const { numUpdatedRows } = await db
    .updateTable('recovery_code')
    .set({ used_at: sql<string>`dispatch.now()` })
    .where('user_id', '=', userId)
    .where('hash', '=', recoveryCodeHash(code))
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function endSecondFactor(db: Db, userId: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom('second_factor').where('user_id', '=', userId).execute();
    await trx.deleteFrom('recovery_code').where('user_id', '=', userId).execute();
  });
}

interface Attempt {
  readonly userId: string;
  readonly code: string;
  readonly isConfirmed: boolean;
}

async function useTotpCode(db: Db, keys: KeyRing, { userId, code, isConfirmed }: Attempt): Promise<boolean> {
  const row = await db
    .selectFrom('second_factor')
    .select(['secret', 'last_step', sql<number>`extract(epoch from dispatch.now())::float8`.as('epoch_s')])
    .where('user_id', '=', userId)
    .where('confirmed_at', isConfirmed ? 'is not' : 'is', null)
    .executeTakeFirst();
  if (row === undefined) return false;
  // It was sealed by us, as text.
  const secret = Buffer.from(openSecret(keys, secondFactorPlace(userId), row.secret) as string, 'base64url');
  const step = stepOfCode(secret, code, { epochS: row.epoch_s, lastStep: row.last_step });
  if (step === undefined) return false;
  // Of two with the same code at the same time one is right.
  const { numUpdatedRows } = await db
    .updateTable('second_factor')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .where('secret', '=', row.secret)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
