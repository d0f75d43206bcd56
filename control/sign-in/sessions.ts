/** Sessions: begun by signing in, carried by a cookie, ended by time, by their person or by an administrator. */
import { sql } from 'kysely';
import type { Endpoint } from '#api/endpoint.ts';
import { personPrincipal } from '#control/auth/person.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal } from '#control/http/refusal.ts';
import type { Visitor } from '#control/http/visitor.ts';
import { newId } from '#control/store/ids.ts';
import type { SignInMethod } from '#control/store/sign-in-tables.ts';
import type { Store } from '#control/store/store.ts';
import { signInErrors } from './errors.ts';
import { newSecret, secretHash } from './opaque-secret.ts';
import { policyOf } from './policy.ts';

type Db = Store['db'];

/** To type a code, and to fetch the telephone for it. */
const PENDING_S = 600;
/** The last use is written this often at most. */
const SEEN_S = 60;
/** Of one person; the one that was used least recently ends. */
const SESSIONS_MAX = 50;

export interface NewSession {
  readonly userId: string;
  readonly method: SignInMethod;
  /** The second factor is outstanding. */
  readonly isPending: boolean;
}

/** The answer carries its cookie. Whatever session the browser had before ends: none is taken over. */
export async function beginSession(db: Db, visitor: Visitor, { userId, method, isPending }: NewSession): Promise<void> {
  assertSafe(visitor);
  await endSession(db, visitor);
  const { sessionHours } = await policyOf(db);
  const lifeS = isPending ? PENDING_S : sessionHours * 3600;
  const secret = newSecret('rws');
  await db
    .insertInto('session')
    .values({
      id: newId(),
      user_id: userId,
      hash: secretHash(secret),
      is_pending: isPending,
      method,
      address: visitor.address,
      device: visitor.device,
      expires_at: sql<string>`dispatch.now() + make_interval(secs => ${lifeS})`,
    })
    .execute();
  await sql`delete from session where id in (
    select id from session where user_id = ${userId} order by seen_at desc, id desc offset ${SESSIONS_MAX})`.execute(
    db,
  );
  visitor.cookies.set('ropeway', secret, lifeS);
}

/** A cookie over plain http is for this machine alone. */
export function assertSafe({ isSafe, origin }: Visitor): void {
  if (!isSafe) throw new Refusal(signInErrors.error('SIGN_IN_INSECURE', { origin }), 403);
}

/** That of the cookie, if there is one; and the cookie. */
export async function endSession(db: Db, { cookies }: Visitor): Promise<void> {
  const secret = cookies.get('ropeway');
  if (secret === undefined) return;
  await db.deleteFrom('session').where('hash', '=', secretHash(secret)).execute();
  cookies.clear('ropeway');
}

export interface FoundSession {
  readonly id: string;
  readonly userId: string;
  readonly isPending: boolean;
  readonly method: SignInMethod;
  readonly hasSecondFactor: boolean;
}

interface Row {
  readonly id: string;
  readonly user_id: string;
  readonly is_pending: boolean;
  readonly method: SignInMethod;
  readonly has_second_factor: boolean;
  readonly is_due: boolean;
}

/** Undefined when it is over. */
export async function findSession(db: Db, secret: string): Promise<FoundSession | undefined> {
  if (!secret.startsWith('rws_')) return undefined;
  const { idleMinutes } = await policyOf(db);
  const { rows } = await sql<Row>`
    select session.id, session.user_id, session.is_pending, session.method,
      exists (select from second_factor where user_id = users.id and confirmed_at is not null) as has_second_factor,
      session.seen_at < dispatch.now() - make_interval(secs => ${SEEN_S}) as is_due
    from session join users on users.id = session.user_id and users.disabled_at is null
    where session.hash = ${secretHash(secret)} and session.expires_at > dispatch.now()
      and session.seen_at > dispatch.now() - make_interval(mins => ${idleMinutes})`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  if (row.is_due) {
    await db
      .updateTable('session')
      .set({ seen_at: sql<string>`dispatch.now()` })
      .where('id', '=', row.id)
      .execute();
  }
  const { id, user_id: userId, is_pending: isPending, method, has_second_factor: hasSecondFactor } = row;
  return { id, userId, isPending, method, hasSecondFactor };
}

/** What a request with a cookie asks for. */
export interface Asked {
  /** By default the workspace that the person has belonged to for longest. */
  readonly workspaceId: string | undefined;
  readonly endpoint: Pick<Endpoint, 'tag' | 'rights'>;
}

export type SessionAuthenticator = (
  secret: string,
  asked: Asked,
) => Promise<{ readonly principal: Principal; readonly sessionId: string } | undefined>;

/** Whose session it is. Who lacks a second factor that is required may do nothing but set one up. */
export function sessionAuthenticator({ db }: Pick<Store, 'db'>): SessionAuthenticator {
  return async (secret, { workspaceId, endpoint }) => {
    const session = await findSession(db, secret);
    if (session === undefined || session.isPending) return undefined;
    const principal = await personPrincipal(db, { userId: session.userId, workspaceId, rateKey: session.id });
    if (principal === undefined) return undefined;
    const isProven = session.hasSecondFactor || session.method === 'provider';
    // To set one up, and to see who one is.
    const isFree = endpoint.tag === 'sessions' || endpoint.rights === 'known';
    if (!isProven && !isFree && (await needsSecondFactor(db, principal.workspaceId))) {
      throw new Refusal(signInErrors.error('SECOND_FACTOR_NEEDED'), 403);
    }
    return { principal, sessionId: session.id };
  };
}

async function needsSecondFactor(db: Db, workspaceId: string): Promise<boolean> {
  if ((await policyOf(db)).requiresSecondFactor) return true;
  const workspace = await db
    .selectFrom('workspace')
    .select('requires_second_factor')
    .where('id', '=', workspaceId)
    .executeTakeFirst();
  return workspace?.requires_second_factor ?? false;
}
