/** What somebody does about their own account, and who administers the installation about that of others. */
import { sql } from 'kysely';
import type { Session } from '#api/resources/session.ts';
import { SortedList, latestFirst } from '#control/http/sorted-list.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { Refusal, invalid, unknown } from '#control/http/refusal.ts';
import type { Visitor } from '#control/http/visitor.ts';
import type { Store } from '#control/store/store.ts';
import { signInErrors } from './errors.ts';
import type { SignInParts } from './let-in.ts';
import { checkedHash } from './link-handlers.ts';
import { linkAddress, makeResetLink } from './one-time-links.ts';
import { isPassword } from './password-hash.ts';
import { setPassword } from './people.ts';
import { policyOf } from './policy.ts';
import {
  confirmSecondFactor,
  endSecondFactor,
  proveSecondFactor,
  renewRecoveryCodes,
  startSecondFactor,
} from './second-factor.ts';
import { Throttle } from './throttle.ts';

type Db = Store['db'];

/** Somebody in a session: a token may not change how its person signs in. */
interface Own {
  readonly userId: string;
  readonly sessionId: string;
}

function own(principal: Principal, { sessionId }: Visitor): Own {
  const { userId } = principal;
  if (userId === null || sessionId === undefined) throw new Refusal(signInErrors.error('SESSION_NEEDED'), 403);
  return { userId, sessionId };
}

export function sessionHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'sessions'> {
  return {
    async 'sessions.list'({ query, principal, visitor }) {
      // The gate lets people in alone.
      return await sessionsOf(db, principal.userId ?? '', { ...query, currentId: visitor.sessionId });
    },

    async 'sessions.end'({ params, principal, visitor }) {
      const { userId, sessionId } = own(principal, visitor);
      const { numDeletedRows } = await db
        .deleteFrom('session')
        .where('id', '=', params.id)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw unknown('session', params.id);
      if (params.id === sessionId) visitor.cookies.clear('ropeway');
    },

    async 'sessions.endOthers'({ principal, visitor }) {
      return { ended: await endOthers(db, own(principal, visitor)) };
    },
  };
}

async function endOthers(db: Db, { userId, sessionId }: Own): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('session')
    .where('user_id', '=', userId)
    .where('id', '!=', sessionId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

export function passwordHandlers({ store }: SignInParts): HandlersOf<'password'> {
  const { db } = store;
  const throttle = new Throttle(store);
  return {
    async 'password.change'({ body, principal, visitor }) {
      const me = own(principal, visitor);
      const person = await db
        .selectFrom('users')
        .leftJoin('password', 'password.user_id', 'users.id')
        .select(['users.email', 'users.name', 'password.hash'])
        .where('users.id', '=', me.userId)
        .executeTakeFirstOrThrow();
      if (person.hash !== null) {
        // Who has found an open browser may not guess here either.
        const tries = [{ kind: 'code', value: `password:${me.userId}` }] as const;
        await throttle.count(tries);
        if (!(await isPassword(body.current ?? '', person.hash))) {
          throw invalid([{ in: 'body', path: ['current'], message: 'this is not the password' }]);
        }
        await throttle.forgive(tries);
      }
      const hash = await checkedHash(body.password, person);
      await db.transaction().execute(async (trx) => {
        await setPassword(trx, me.userId, hash);
        await endOthers(trx, me);
      });
    },
  };
}

export function secondFactorHandlers({ store, keys }: SignInParts): HandlersOf<'secondFactor'> {
  const { db } = store;
  const throttle = new Throttle(store);
  const counted = async <T>(userId: string, attempt: () => Promise<T | undefined>): Promise<T> => {
    const tries = [{ kind: 'code', value: userId }] as const;
    await throttle.count(tries);
    const result = await attempt();
    if (result === undefined) throw invalid([{ in: 'body', path: ['code'], message: 'the code is not accepted' }]);
    await throttle.forgive(tries);
    return result;
  };
  const prove = async (userId: string, code: string): Promise<true> => {
    await assertState(db, userId, 'on');
    return await counted(userId, async () =>
      (await proveSecondFactor(db, keys, { userId, code })) ? (true as const) : undefined,
    );
  };
  return {
    async 'secondFactor.get'({ principal }) {
      return await stateOf(db, principal.userId ?? '');
    },

    async 'secondFactor.start'({ principal, visitor }) {
      const { userId } = own(principal, visitor);
      const { email } = await db.selectFrom('users').select('email').where('id', '=', userId).executeTakeFirstOrThrow();
      const started = await startSecondFactor(db, keys, { id: userId, email });
      if (started === undefined) throw new Refusal(signInErrors.error('SECOND_FACTOR_ON'), 409);
      return started;
    },

    async 'secondFactor.confirm'({ body, principal, visitor }) {
      const me = own(principal, visitor);
      await assertState(db, me.userId, 'started');
      const { userId } = me;
      const recoveryCodes = await counted(userId, () => confirmSecondFactor(db, keys, { userId, code: body.code }));
      await endOthers(db, me);
      return { recoveryCodes };
    },

    async 'secondFactor.renewCodes'({ body, principal, visitor }) {
      const { userId } = own(principal, visitor);
      await prove(userId, body.code);
      return { recoveryCodes: await db.transaction().execute((trx) => renewRecoveryCodes(trx, userId)) };
    },

    async 'secondFactor.end'({ body, principal, visitor }) {
      const { userId } = own(principal, visitor);
      await prove(userId, body.code);
      await endSecondFactor(db, userId);
    },
  };
}

async function stateOf(
  db: Db,
  userId: string,
): Promise<{ isOn: boolean; confirmedAt: string | null; recoveryCodesLeft: number }> {
  const row = await db
    .selectFrom('second_factor')
    .select('confirmed_at')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  const { left } = await db
    .selectFrom('recovery_code')
    .select(sql<number>`count(*)::integer`.as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow();
  const confirmedAt = row?.confirmed_at ?? null;
  return { isOn: confirmedAt !== null, confirmedAt, recoveryCodesLeft: confirmedAt === null ? 0 : left };
}

async function assertState(db: Db, userId: string, wanted: 'on' | 'started'): Promise<void> {
  const row = await db
    .selectFrom('second_factor')
    .select('confirmed_at')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  const isOn = row?.confirmed_at !== null && row !== undefined;
  if (wanted === 'started' && isOn) throw new Refusal(signInErrors.error('SECOND_FACTOR_ON'), 409);
  if (row === undefined || (wanted === 'on' && !isOn)) throw new Refusal(signInErrors.error('SECOND_FACTOR_OFF'), 409);
}

export function accountHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'accounts'> {
  const assertUser = async (id: string): Promise<void> => {
    const user = await db.selectFrom('users').select('id').where('id', '=', id).executeTakeFirst();
    if (user === undefined) throw unknown('user', id);
  };
  const endAll = async (id: string): Promise<void> => {
    await db.deleteFrom('session').where('user_id', '=', id).execute();
  };
  return {
    async 'accounts.resetLink'({ params, principal, visitor }) {
      await assertUser(params.id);
      const made = await makeResetLink(db, params.id, principal.actor);
      return { link: linkAddress(visitor.origin, made.secret), expiresAt: made.expiresAt };
    },

    async 'accounts.endSecondFactor'({ params }) {
      await assertUser(params.id);
      await endSecondFactor(db, params.id);
      await endAll(params.id);
    },

    async 'accounts.sessions'({ params, query, visitor }) {
      await assertUser(params.id);
      return await sessionsOf(db, params.id, { ...query, currentId: visitor.sessionId });
    },

    async 'accounts.endSessions'({ params }) {
      await assertUser(params.id);
      await endAll(params.id);
    },
  };
}

interface SessionQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly currentId: string | undefined;
}

async function sessionsOf(
  db: Db,
  userId: string,
  { currentId, ...query }: SessionQuery,
): Promise<{ items: Session[]; next?: string }> {
  const list = new SortedList('sessions', query, latestFirst('seen_at'));
  const { idleMinutes } = await policyOf(db);
  const found = await db
    .selectFrom('session')
    .select(['id', 'method', 'address', 'device', 'created_at', 'seen_at', 'expires_at'])
    .where('user_id', '=', userId)
    .where('is_pending', '=', false)
    .where(
      sql<boolean>`expires_at > dispatch.now() and seen_at > dispatch.now() - make_interval(mins => ${idleMinutes})`,
    )
    .where(list.where)
    .orderBy(list.orderBy)
    .limit(list.limit)
    .execute();
  return list.page(found, (row) => ({
    id: row.id,
    method: row.method,
    address: row.address,
    device: row.device,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
    isCurrent: row.id === currentId,
  }));
}
