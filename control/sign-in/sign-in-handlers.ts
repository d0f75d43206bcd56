/** Signing in with a password and a second factor, signing out, and the rules of it. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { PASSWORD_LENGTH_MIN } from '#api/resources/sign-in.ts';
import { definedOnly } from '#control/defined-only.ts';
import { assertVersion } from '#control/definitions/versions.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal, unknown } from '#control/http/refusal.ts';
import type { Visitor } from '#control/http/visitor.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import { deviceOf } from './device-mark.ts';
import { signInErrors } from './errors.ts';
import { letIn, noteSignIn } from './let-in.ts';
import type { SignInParts } from './let-in.ts';
import { hashPassword, isOutdated, isPassword } from './password-hash.ts';
import { hasOwner, setPassword } from './people.ts';
import { policyOf } from './policy.ts';
import { proveSecondFactor } from './second-factor.ts';
import { assertSafe, endSession, findSession } from './sessions.ts';
import type { FoundSession } from './sessions.ts';
import { Throttle, addressKey } from './throttle.ts';
import type { ThrottleKey } from './throttle.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'signIn'>;

/** Of one session that is pending: then the password is asked for again. */
const CODE_TRIES_MAX = 10;

export function signInHandlers(
  parts: SignInParts,
): Pick<Handlers, 'signIn.options' | 'signIn.end'> & Pick<Handlers, 'signIn.password' | 'signIn.code'> {
  const { store, keys } = parts;
  const { db } = store;
  const throttle = new Throttle(store);
  return {
    async 'signIn.options'() {
      const providers = await db
        .selectFrom('sign_in_provider')
        .select(['id', 'name'])
        .where('is_enabled', '=', true)
        .orderBy('name')
        .execute();
      return { needsOwner: !(await hasOwner(db)), providers, passwordLengthMin: PASSWORD_LENGTH_MIN };
    },

    async 'signIn.password'({ body, visitor }) {
      assertSafe(visitor);
      const email = body.email.trim().toLowerCase();
      const tries = triesOf(visitor, keys, email);
      await throttle.count(tries);
      const person = await personWithPassword(db, email);
      const hash = person?.hash ?? undefined;
      // The slow part, the same for those who are not known.
      const isRight = await isPassword(body.password, hash);
      if (!isRight || person === undefined) {
        const whose = { userId: person?.id ?? null, email: person === undefined ? null : email };
        await noteSignIn(db, visitor, { ...whose, action: 'signIn.password', code: 'SIGN_IN_WRONG' });
        throw new Refusal(signInErrors.error('SIGN_IN_WRONG'), 401);
      }
      await throttle.forgive(tries);
      if (hash !== undefined && isOutdated(hash)) await setPassword(db, person.id, await hashPassword(body.password));
      return await letIn(parts, visitor, { userId: person.id, email, method: 'password' });
    },

    async 'signIn.code'({ body, visitor }) {
      const session = await pendingSession(db, visitor);
      const tries: ThrottleKey[] = [{ kind: 'code', value: session.userId }];
      await throttle.count(tries);
      await countCode(db, session, visitor);
      if (!(await proveSecondFactor(db, keys, { userId: session.userId, code: body.code }))) {
        throw new Refusal(signInErrors.error('CODE_WRONG'), 401);
      }
      await throttle.forgive(tries);
      const { email } = await db
        .selectFrom('users')
        .select('email')
        .where('id', '=', session.userId)
        .executeTakeFirstOrThrow();
      // Under another cookie: who knew that of before has nothing.
      return await letIn(parts, visitor, { ...session, email, isProven: true });
    },

    async 'signIn.end'({ visitor }) {
      await endSession(db, visitor);
    },
  };
}

/** Narrow first: a try that must wait for one of them drives up no wider count. */
function triesOf({ cookies, address }: Visitor, keys: KeyRing, email: string): ThrottleKey[] {
  const device = deviceOf(cookies, keys, email);
  const network = addressKey(address);
  return [
    { kind: 'pair', value: JSON.stringify([email, network, device ?? null]) },
    { kind: 'address', value: network },
    device === undefined ? { kind: 'account', value: email } : { kind: 'device', value: device },
  ];
}

async function personWithPassword(db: Db, email: string): Promise<{ id: string; hash: string | null } | undefined> {
  return await db
    .selectFrom('users')
    .leftJoin('password', 'password.user_id', 'users.id')
    .select(['users.id', 'password.hash'])
    .where('users.email', '=', email)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst();
}

async function pendingSession(db: Db, { cookies }: Visitor): Promise<FoundSession> {
  const secret = cookies.get('ropeway');
  const session = secret === undefined ? undefined : await findSession(db, secret);
  if (session?.isPending !== true) throw new Refusal(signInErrors.error('SESSION_OVER'), 401);
  return session;
}

async function countCode(db: Db, { id }: FoundSession, visitor: Visitor): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('session')
    .set({ code_tries: sql<number>`code_tries + 1` })
    .where('id', '=', id)
    .where('code_tries', '<', CODE_TRIES_MAX)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  await endSession(db, visitor);
  throw new Refusal(signInErrors.error('SESSION_OVER'), 401);
}

export function policyHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'signInPolicy' | 'workspaceSignIn'> {
  const workspaceRules = async (
    trx: Db,
    id: string,
    isLocked = false,
  ): Promise<{ requiresSecondFactor: boolean; version: number }> => {
    const query = trx.selectFrom('workspace').select(['requires_second_factor', 'version']).where('id', '=', id);
    const row = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
    if (row === undefined) throw unknown('workspace', id);
    return { requiresSecondFactor: row.requires_second_factor, version: row.version };
  };
  return {
    'signInPolicy.get': () => policyOf(db),

    async 'signInPolicy.update'({ body, ifMatch }) {
      return await db.transaction().execute(async (trx) => {
        await sql`lock table sign_in_policy in exclusive mode`.execute(trx);
        const before = await policyOf(trx);
        assertVersion('rules', before.version, ifMatch);
        const asked = { ...before, ...definedOnly(body) };
        if (isDeepStrictEqual(asked, before)) return before;
        const after = { ...asked, version: before.version + 1 };
        const row = {
          requires_second_factor: after.requiresSecondFactor,
          idle_minutes: after.idleMinutes,
          session_hours: after.sessionHours,
          version: after.version,
        };
        await trx
          .insertInto('sign_in_policy')
          .values(row)
          .onConflict((conflict) => conflict.column('is_only').doUpdateSet(row))
          .execute();
        return after;
      });
    },

    'workspaceSignIn.get': ({ principal }) => workspaceRules(db, principal.workspaceId),

    async 'workspaceSignIn.update'({ body, principal, ifMatch }) {
      return await db.transaction().execute(async (trx) => {
        const before = await workspaceRules(trx, principal.workspaceId, true);
        assertVersion('workspace', before.version, ifMatch);
        const asked = { ...before, ...body };
        if (isDeepStrictEqual(asked, before)) return before;
        const after = { ...asked, version: before.version + 1 };
        await trx
          .updateTable('workspace')
          .set({ requires_second_factor: after.requiresSecondFactor, version: after.version })
          .where('id', '=', principal.workspaceId)
          .execute();
        return after;
      });
    },
  };
}
