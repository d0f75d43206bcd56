/**
 * Slows down whoever guesses. What is counted are tries, before it is known whether they are right: many at once gain
 * nothing. Kept in the database, for all processes.
 *
 * Nobody can lock somebody else out. Each wait has an end, and tries during it do not prolong it. The count that others
 * can drive up, that of the account, does not hold for a browser that has signed in to it before (`device-mark.ts`); and
 * whoever sits at the machine makes a link that sets a new password.
 */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { sql } from 'kysely';
import { Refusal } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { signInErrors } from './errors.ts';

interface Limit {
  /** Tries without a wait. */
  readonly free: number;
  /** Each one more doubles the wait, from a second to this. */
  readonly waitMaxS: number;
}

const limits = {
  /** Of an account, from one address. */
  pair: { free: 5, waitMaxS: 900 },
  /** A whole office may be behind it. */
  address: { free: 30, waitMaxS: 900 },
  /** From wherever: 1,440 guesses a day. */
  account: { free: 30, waitMaxS: 60 },
  /** From a browser that is known to the account. */
  device: { free: 10, waitMaxS: 900 },
  /** Codes of the second factor, whose sender knows the password. */
  code: { free: 5, waitMaxS: 900 },
} as const satisfies Readonly<Record<string, Limit>>;

export type ThrottleKind = keyof typeof limits;

export interface ThrottleKey {
  readonly kind: ThrottleKind;
  readonly value: string;
}

/** Who has not tried for so long begins anew. */
const FORGET_S = 900;
const FORGET_ROWS_MAX = 5000;

export class Throttle {
  readonly #db: Store['db'];

  constructor({ db }: Pick<Store, 'db'>) {
    this.#db = db;
  }

  /** Counts a try; throws when it must wait. */
  async count(keys: readonly ThrottleKey[]): Promise<void> {
    for (const key of keys) {
      const waitS = await this.#take(key);
      if (waitS > 0) throw new Refusal(signInErrors.error('SIGN_IN_WAIT'), 429, { retryAfterS: waitS });
    }
  }

  /** The try was right. What others have failed from the same address stays. */
  async forgive(keys: readonly ThrottleKey[]): Promise<void> {
    const isShared = ({ kind }: ThrottleKey): boolean => kind === 'address';
    for (const key of keys.filter(isShared)) {
      await sql`update sign_in_throttle set count = greatest(count - 1, 0), wait_until = dispatch.now()
        where key = ${hashOf(key)}`.execute(this.#db);
    }
    const own = keys.filter((key) => !isShared(key)).map(hashOf);
    if (own.length > 0) await this.#db.deleteFrom('sign_in_throttle').where('key', 'in', own).execute();
  }

  /** The seconds that are left to wait, 0 when the try was counted. */
  async #take(key: ThrottleKey): Promise<number> {
    const { free, waitMaxS } = limits[key.kind];
    const hash = hashOf(key);
    const isOld = sql<boolean>`known.last_at < dispatch.now() - make_interval(secs => ${FORGET_S})`;
    const { rows: taken } = await sql`
      insert into sign_in_throttle as known (key, count, last_at, wait_until)
      values (${hash}, 1, dispatch.now(), dispatch.now())
      on conflict (key) do update set
        count = case when ${isOld} then 1 else least(known.count + 1, 1000000) end,
        last_at = dispatch.now(),
        wait_until = dispatch.now() + make_interval(secs => case when ${isOld} or known.count < ${free}::int then 0
          else least(${waitMaxS}::float8, power(2, least(known.count - ${free}::int, 20))) end)
      where known.wait_until <= dispatch.now()
      returning key`.execute(this.#db);
    if (taken.length > 0) return 0;
    const { rows } = await sql<{ wait_s: number }>`
      select greatest(extract(epoch from wait_until - dispatch.now()), 0)::float8 as wait_s
      from sign_in_throttle where key = ${hash}`.execute(this.#db);
    // It is over by now: the next try will do.
    return Math.max(rows[0]?.wait_s ?? 0, 1);
  }

  /** Forgets what is over, some of it; returns how many. */
  async forget(): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from sign_in_throttle where key in (
        select key from sign_in_throttle where last_at < dispatch.now() - make_interval(secs => ${2 * FORGET_S})
        limit ${FORGET_ROWS_MAX})`.execute(this.#db);
    return Number(numAffectedRows ?? 0);
  }
}

/** What was typed into a field may be anything, a password too: it is not kept as it is. */
function hashOf({ kind, value }: ThrottleKey): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, value]))
    .digest('base64url');
}

/** What somebody has who has one address: of IPv6 a network of them. */
export function addressKey(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const before = groups(head);
  const behind = groups(tail);
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - behind.length }, () => '0');
  return [...before, ...zeros, ...behind]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
