/** The last step of every way to sign in: a session, or what is left to do before there is one. */
import { sql } from 'kysely';
import type { SignedIn } from '#api/resources/sign-in.ts';
import { AuditLog } from '#control/audit/audit-log.ts';
import type { Visitor } from '#control/http/visitor.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { SignInMethod } from '#control/store/sign-in-tables.ts';
import type { Store } from '#control/store/store.ts';
import { setDeviceMark } from './device-mark.ts';
import { beginSession } from './sessions.ts';

export interface SignInParts {
  readonly store: Pick<Store, 'db'>;
  readonly keys: KeyRing;
}

export interface Known {
  readonly userId: string;
  readonly email: string;
  readonly method: SignInMethod;
  /** The second factor was shown. */
  readonly isProven?: boolean;
}

interface Row {
  readonly has_second_factor: boolean;
  readonly needs_second_factor: boolean;
}

/** Who comes from a provider is asked for a second factor there, or not, as the provider likes. */
export async function letIn(
  { store: { db }, keys }: SignInParts,
  visitor: Visitor,
  { userId, email, method, isProven = false }: Known,
): Promise<SignedIn> {
  const { rows } = await sql<Row>`
    select
      exists (select from second_factor where user_id = ${userId} and confirmed_at is not null) as has_second_factor,
      exists (select from sign_in_policy where requires_second_factor) or exists (
        select from member join workspace on workspace.id = member.workspace_id
        where member.user_id = ${userId} and workspace.requires_second_factor) as needs_second_factor`.execute(db);
  const hasSecondFactor = rows[0]?.has_second_factor ?? false;
  const needsSecondFactor = rows[0]?.needs_second_factor ?? false;
  const isPending = hasSecondFactor && method !== 'provider' && !isProven;
  await beginSession(db, visitor, { userId, method, isPending });
  await noteSignIn(db, visitor, { userId, email, action: isPending ? 'signIn.begun' : `signIn.${method}` });
  if (isPending) return { next: 'code' };
  setDeviceMark(visitor.cookies, keys, email);
  const isLacking = needsSecondFactor && !hasSecondFactor && method !== 'provider';
  return { next: isLacking ? 'second_factor' : 'nothing' };
}

interface SignInEvent {
  /** Null: nobody is known by what was typed, which may be anything and is not kept. */
  readonly userId: string | null;
  readonly email: string | null;
  readonly action: string;
  readonly code?: string;
}

/** Who has come in, or was refused: public endpoints are not written down by themselves. */
export async function noteSignIn(
  db: Store['db'],
  { address, device }: Visitor,
  { userId, email, action, code }: SignInEvent,
): Promise<void> {
  const actor = email === null ? 'anonymous' : `user:${email}`;
  const principal = { workspaceId: '', actor, userId, tokenId: null };
  const resource = { kind: 'user', ...(userId === null ? {} : { id: userId }), name: email, groupId: null };
  await new AuditLog({ db }).record(
    { principal, action, resource, detail: { address, device } },
    code === undefined ? { outcome: 'succeeded', code } : { outcome: 'refused', code },
  );
}
