/**
 * Signing in with a provider: sent there, and back in the same browser. Who comes is known by issuer and subject, not
 * by the address, which may pass to somebody else there. An address counts once, when an account is tied to the
 * provider: only if the provider has verified it, and may vouch for its domain.
 */
import { sql } from 'kysely';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal, isDuplicate, unknown } from '#control/http/refusal.ts';
import { openSecret, sealSecret } from '#control/secrets/envelope.ts';
import type { Store } from '#control/store/store.ts';
import { signInErrors } from './errors.ts';
import { acceptInvitation } from './invitations.ts';
import { letIn } from './let-in.ts';
import type { SignInParts } from './let-in.ts';
import { claimsFrom, oidcFailure, wayTo } from './oidc-client.ts';
import type { Claims, FlowSecrets } from './oidc-client.ts';
import { newSecret, secretHash } from './opaque-secret.ts';
import { addMember, createPerson } from './people.ts';
import type { Person } from './people.ts';
import { callbackAddress, settingsOf } from './providers.ts';
import type { ProviderRow } from './providers.ts';
import { assertSafe } from './sessions.ts';

type Db = Store['db'];

/** To sign in there, with a second factor. */
const FLOW_S = 900;
/** Who are on their way at once; whoever makes up more of them keeps others out for no longer than a flow lasts. */
const FLOWS_MAX = 10_000;
const RETRY_AFTER_S = 60;

export function providerFlowHandlers(parts: SignInParts): Pick<HandlersOf<'signIn'>, 'signIn.start' | 'signIn.finish'> {
  const { store, keys } = parts;
  const { db } = store;
  return {
    async 'signIn.start'({ params, visitor }) {
      assertSafe(visitor);
      const provider = await enabledProvider(db, params.id);
      await assertFlowsLeft(db);
      const settings = settingsOf(keys, provider);
      const { url, state, nonce, verifier } = await asked(provider, () =>
        wayTo(settings, callbackAddress(visitor.origin)),
      );
      // Of several tabs each may come back.
      const known = visitor.cookies.get('ropeway-flow');
      const browser = known !== undefined && /^rwf_[\w-]{43}$/.test(known) ? known : newSecret('rwf');
      const hash = secretHash(state);
      await db
        .insertInto('sign_in_flow')
        .values({
          state_hash: hash,
          provider_id: provider.id,
          browser_hash: secretHash(browser),
          secrets: sealSecret(keys, flowPlace(hash), { nonce, verifier } satisfies FlowSecrets),
          expires_at: sql<string>`dispatch.now() + make_interval(secs => ${FLOW_S})`,
        })
        .execute();
      visitor.cookies.set('ropeway-flow', browser, FLOW_S);
      return { url };
    },

    async 'signIn.finish'({ body, visitor }) {
      assertSafe(visitor);
      const query = new URLSearchParams(body.query);
      const state = query.get('state') ?? '';
      const flow = await takeFlow(db, state, visitor.cookies.get('ropeway-flow'));
      const provider = await enabledProvider(db, flow.provider_id);
      // They were sealed by us.
      const secrets = openSecret(keys, flowPlace(flow.state_hash), flow.secrets) as FlowSecrets;
      const callback = new URL(callbackAddress(visitor.origin));
      callback.search = query.toString();
      const claims = await asked(provider, () =>
        claimsFrom(settingsOf(keys, provider), { ...secrets, callback, state }),
      );
      const person = await personOf(db, provider, claims);
      return await letIn(parts, visitor, { userId: person.id, email: person.email, method: 'provider' });
    },
  };
}

function flowPlace(stateHash: string): { connectionId: string; path: string } {
  return { connectionId: `sign-in-flow:${stateHash}`, path: 'secrets' };
}

async function enabledProvider(db: Db, id: string): Promise<ProviderRow> {
  const provider = await db
    .selectFrom('sign_in_provider')
    .selectAll()
    .where('id', '=', id)
    .where('is_enabled', '=', true)
    .executeTakeFirst();
  if (provider === undefined) throw unknown('provider', id);
  return provider;
}

async function assertFlowsLeft(db: Db): Promise<void> {
  const { count } = await db
    .selectFrom('sign_in_flow')
    .select(sql<number>`count(*)::integer`.as('count'))
    .where(sql<boolean>`expires_at > dispatch.now()`)
    .executeTakeFirstOrThrow();
  if (count < FLOWS_MAX) return;
  throw new Refusal(signInErrors.error('SIGN_IN_BUSY'), 503, { retryAfterS: RETRY_AFTER_S });
}

interface Flow {
  readonly state_hash: string;
  readonly provider_id: string;
  readonly secrets: string;
}

/** Of this browser, once. */
async function takeFlow(db: Db, state: string, browser: string | undefined): Promise<Flow> {
  const flow = await db
    .deleteFrom('sign_in_flow')
    .where('state_hash', '=', secretHash(state))
    .where('browser_hash', '=', secretHash(browser ?? ''))
    .where(sql<boolean>`expires_at > dispatch.now()`)
    .returning(['state_hash', 'provider_id', 'secrets'])
    .executeTakeFirst();
  if (flow === undefined) throw new Refusal(signInErrors.error('PROVIDER_FLOW_UNKNOWN'), 401);
  return flow;
}

/** What goes wrong with the provider is a problem with a code, not a bug. */
async function asked<T>({ name }: ProviderRow, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const { reason, isAway } = oidcFailure(error);
    const code = isAway ? 'PROVIDER_UNREACHABLE' : 'PROVIDER_REFUSED';
    throw new Refusal(signInErrors.error(code, { name, reason }, { cause: error }), isAway ? 503 : 401);
  }
}

async function personOf(db: Db, provider: ProviderRow, claims: Claims): Promise<Person> {
  const known = await tiedPerson(db, claims);
  if (known !== undefined) return letInable(known, provider);
  const email = vouchedEmail(provider, claims);
  try {
    const person = await db.transaction().execute(async (trx) => {
      const found = (await accountOf(trx, email)) ?? (await newcomer(trx, provider, { ...claims, email }));
      const { issuer, subject } = claims;
      await trx.insertInto('sign_in_identity').values({ issuer, subject, user_id: found.id }).execute();
      return found;
    });
    return letInable(person, provider);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    // Came twice at the same time: the other one has made it.
    const tied = await tiedPerson(db, claims);
    if (tied === undefined) throw error;
    return letInable(tied, provider);
  }
}

type Account = Person & { readonly isDisabled: boolean };

async function tiedPerson(db: Db, { issuer, subject }: Claims): Promise<Account | undefined> {
  const { rows } = await sql<Account>`
    update sign_in_identity set used_at = dispatch.now() from users
    where issuer = ${issuer} and subject = ${subject} and users.id = sign_in_identity.user_id
    returning users.id, users.email, users.name, users.disabled_at is not null as "isDisabled"`.execute(db);
  return rows[0];
}

async function accountOf(trx: Db, email: string): Promise<Account | undefined> {
  const { rows } = await sql<Account>`
    select id, email, name, disabled_at is not null as "isDisabled" from users where email = ${email}`.execute(trx);
  return rows[0];
}

/** Who is let in no more is not told apart from who has no account. */
function letInable(account: Account, { name }: ProviderRow): Person {
  if (account.isDisabled) throw new Refusal(signInErrors.error('PROVIDER_NOT_INVITED', { name }), 403);
  return account;
}

function vouchedEmail({ name, email_domains: domains }: ProviderRow, { email, isEmailVerified }: Claims): string {
  const refuse = (reason: string): Refusal => new Refusal(signInErrors.error('PROVIDER_EMAIL', { name, reason }), 403);
  if (email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email)) throw refuse('it names none');
  if (!isEmailVerified) throw refuse('it has not verified yours');
  const domain = email.slice(email.indexOf('@') + 1);
  if (!domains.includes(domain)) throw refuse(`it is not trusted with addresses of ${domain}`);
  return email;
}

async function newcomer(
  trx: Db,
  { name: providerName, new_role: role, new_workspace_id: workspaceId }: ProviderRow,
  { email, name }: Claims & { readonly email: string },
): Promise<Account> {
  const invitations = await trx
    .updateTable('one_time_link')
    .set({ used_at: sql<string>`dispatch.now()` })
    .where('kind', '=', 'invitation')
    .where('email', '=', email)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`expires_at > dispatch.now()`)
    .returningAll()
    .execute();
  const isWelcome = role !== null && workspaceId !== null;
  if (invitations.length === 0 && !isWelcome) {
    throw new Refusal(signInErrors.error('PROVIDER_NOT_INVITED', { name: providerName }), 403);
  }
  const person = await createPerson(trx, { email, name: cleanName(name) ?? email });
  for (const invitation of invitations) await acceptInvitation(trx, invitation, person.id);
  if (isWelcome) await addMember(trx, { workspaceId, userId: person.id, role });
  return { ...person, isDisabled: false };
}

/** It is shown in lists and logs: one line. */
function cleanName(name: string | undefined): string | undefined {
  // oxlint-disable-next-line no-control-regex -- that is what is taken out
  const clean = name
    ?.replace(/[\u0000-\u001f\u007f]/g, ' ')
    .toWellFormed()
    .trim();
  return clean === '' ? undefined : clean;
}
