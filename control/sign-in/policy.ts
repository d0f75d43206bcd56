/** The rules of signing in, as somebody has set them, or as they are by themselves. */
import type { SignInPolicy } from '#api/resources/sign-in.ts';
import type { Store } from '#control/store/store.ts';

const byDefault: SignInPolicy = {
  requiresSecondFactor: false,
  /** Over a long weekend. */
  idleMinutes: 4 * 24 * 60,
  sessionHours: 30 * 24,
  version: 0,
};

export async function policyOf(db: Store['db']): Promise<SignInPolicy> {
  const row = await db.selectFrom('sign_in_policy').selectAll().executeTakeFirst();
  if (row === undefined) return byDefault;
  const { requires_second_factor: requiresSecondFactor, idle_minutes: idleMinutes, session_hours: sessionHours } = row;
  return { requiresSecondFactor, idleMinutes, sessionHours, version: row.version };
}
