/** Looking at one-time links, and using them. */
import type { LinkSeen, SignedIn } from '#api/resources/sign-in.ts';
import type { HandlerRequest, HandlersOf } from '#control/http/handler.ts';
import type { Contract } from '#api/contract.ts';
import { Refusal, invalid, isDuplicate } from '#control/http/refusal.ts';
import type { Visitor } from '#control/http/visitor.ts';
import type { Store } from '#control/store/store.ts';
import { signInErrors } from './errors.ts';
import { acceptInvitation } from './invitations.ts';
import { letIn } from './let-in.ts';
import type { SignInParts } from './let-in.ts';
import { linkAddress, lockSetup, makeSetupLink, openLink, takeLink } from './one-time-links.ts';
import type { LinkRow } from './one-time-links.ts';
import { hashPassword } from './password-hash.ts';
import { passwordFault } from './password-rules.ts';
import { addMember, createPerson, hasOwner, personByEmail, setPassword } from './people.ts';
import type { Person } from './people.ts';
import { assertSafe, findSession } from './sessions.ts';

type Db = Store['db'];

export function linkHandlers(parts: SignInParts): HandlersOf<'links'> {
  const { db } = parts.store;
  return {
    'links.look': async ({ body, visitor }) => describe(db, await openLink(db, body.link), visitor),

    async 'links.use'(request) {
      assertSafe(request.visitor);
      // Looked at first: what is not good costs no hash of a password.
      const { kind } = await openLink(db, request.body.link);
      return await uses[kind](parts, request);
    },

    async 'links.setup'({ principal, visitor }) {
      const made = await makeSetupLink(db, principal.actor);
      if (made === undefined) throw new Refusal(signInErrors.error('OWNER_EXISTS'), 409);
      return { link: linkAddress(visitor.origin, made.secret), expiresAt: made.expiresAt };
    },
  };
}

async function describe(db: Db, row: LinkRow, visitor: Visitor): Promise<LinkSeen> {
  const { kind, role, expires_at: expiresAt } = row;
  const workspace =
    row.workspace_id === null
      ? undefined
      : await db.selectFrom('workspace').select('name').where('id', '=', row.workspace_id).executeTakeFirst();
  const rest = { kind, workspace: workspace?.name ?? null, role, expiresAt };
  if (kind === 'setup') return { ...rest, needs: 'owner', email: null };
  if (kind === 'reset') return { ...rest, needs: 'password', email: await emailOf(db, row.user_id ?? '') };
  const person = await personByEmail(db, row.email ?? '');
  const email = row.email;
  if (person === undefined) return { ...rest, needs: 'account', email };
  const isSignedIn = (await signedInId(db, visitor)) === person.id;
  return { ...rest, needs: isSignedIn ? 'nothing' : 'sign_in', email };
}

async function emailOf(db: Db, userId: string): Promise<string | null> {
  const user = await db.selectFrom('users').select('email').where('id', '=', userId).executeTakeFirst();
  return user?.email ?? null;
}

async function signedInId(db: Db, { cookies }: Visitor): Promise<string | undefined> {
  const secret = cookies.get('ropeway');
  const session = secret === undefined ? undefined : await findSession(db, secret);
  return session === undefined || session.isPending ? undefined : session.userId;
}

type UseRequest = HandlerRequest<Contract['links.use']>;
type Use = (parts: SignInParts, request: UseRequest) => Promise<SignedIn>;

const uses: Readonly<Record<LinkRow['kind'], Use>> = { setup: setUpOwner, reset: resetPassword, invitation: accept };

async function setUpOwner(parts: SignInParts, { body, visitor }: UseRequest): Promise<SignedIn> {
  const { db } = parts.store;
  const email = needed('email', body.email);
  const name = needed('name', body.name);
  const hash = await checkedHash(body.password, { email, name });
  const owner = await db.transaction().execute(async (trx) => {
    await lockSetup(trx);
    await takeLink(trx, body.link);
    if (await hasOwner(trx)) throw new Refusal(signInErrors.error('OWNER_EXISTS'), 409);
    const person = await newAccount(trx, { email, name, hash, administersInstallation: true });
    for (const { id } of await trx.selectFrom('workspace').select('id').execute()) {
      await addMember(trx, { workspaceId: id, userId: person.id, role: 'administrator' });
    }
    return person;
  });
  return await letIn(parts, visitor, { userId: owner.id, email, method: 'link' });
}

async function resetPassword(parts: SignInParts, { body, visitor }: UseRequest): Promise<SignedIn> {
  const { db } = parts.store;
  const userId = (await openLink(db, body.link)).user_id ?? '';
  const person = await db
    .selectFrom('users')
    .select(['id', 'email', 'name'])
    .where('id', '=', userId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (person === undefined) throw new Refusal(signInErrors.error('LINK_INVALID'), 404);
  const hash = await checkedHash(body.password, person);
  await db.transaction().execute(async (trx) => {
    await takeLink(trx, body.link);
    await setPassword(trx, person.id, hash);
    // Whoever has got in with the old one is out.
    await trx.deleteFrom('session').where('user_id', '=', person.id).execute();
  });
  return await letIn(parts, visitor, { userId: person.id, email: person.email, method: 'link' });
}

async function accept(parts: SignInParts, { body, visitor }: UseRequest): Promise<SignedIn> {
  const { db } = parts.store;
  const email = (await openLink(db, body.link)).email ?? '';
  const known = await personByEmail(db, email);
  if (known !== undefined) {
    if ((await signedInId(db, visitor)) !== known.id) throw new Refusal(signInErrors.error('LINK_OF_OTHER'), 401);
    await db.transaction().execute(async (trx) => acceptInvitation(trx, await takeLink(trx, body.link), known.id));
    return { next: 'nothing' };
  }
  const name = needed('name', body.name);
  const hash = await checkedHash(body.password, { email, name });
  const person = await db.transaction().execute(async (trx) => {
    const row = await takeLink(trx, body.link);
    const made = await newAccount(trx, { email, name, hash });
    await acceptInvitation(trx, row, made.id);
    return made;
  });
  return await letIn(parts, visitor, { userId: person.id, email, method: 'link' });
}

interface NewAccount {
  readonly email: string;
  readonly name: string;
  readonly hash: string;
  readonly administersInstallation?: boolean;
}

async function newAccount(trx: Db, { hash, ...person }: NewAccount): Promise<Person> {
  try {
    const made = await createPerson(trx, person);
    await setPassword(trx, made.id, hash);
    return made;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw invalid([{ in: 'body', path: ['email'], message: 'somebody has this address already' }]);
  }
}

function needed<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw invalid([{ in: 'body', path: [field], message: 'this link asks for it' }]);
  return value;
}

/** Throws when it is none that may be set. */
export async function checkedHash(
  password: string | undefined,
  person: { readonly email: string; readonly name: string },
): Promise<string> {
  const given = needed('password', password);
  const fault = passwordFault(given, person);
  if (fault !== undefined) throw invalid([{ in: 'body', path: ['password'], message: fault }]);
  return await hashPassword(given);
}
