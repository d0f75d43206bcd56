/**
 * A workspace keeps an administrator, and so does the installation. Whoever takes a role away locks first, changes, and
 * then looks whether one is left: of two who remove each other the second one sees what the first has done.
 */
import { sql } from 'kysely';
import { Refusal } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { peopleErrors } from './errors.ts';

type Db = Store['db'];

/** Until the end of the transaction. Several in the order of their ids, so that nobody waits for somebody who waits. */
export async function lockWorkspaces(trx: Db, ids: readonly string[]): Promise<void> {
  // Not for update: whoever refers to the workspace goes on.
  await sql`select id from workspace where id = any(${[...ids]}::text[]) order by id for no key update`.execute(trx);
}

/** Throws when one of them, which had an administrator, has none. */
export async function assertAdministrated(trx: Db, ids: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select name from workspace where id = any(${[...ids]}::text[]) and not exists (
      select from member join users on users.id = member.user_id and users.disabled_at is null
      where member.workspace_id = workspace.id and member.role = 'administrator')
    order by name limit 1`.execute(trx);
  const [row] = rows;
  if (row !== undefined) throw lastAdministrator(`the workspace "${row.name}"`);
}

export async function lockInstallation(trx: Db): Promise<void> {
  await sql`select id from installation for no key update`.execute(trx);
}

export async function assertInstallationAdministrated(trx: Db): Promise<void> {
  const { rows } = await sql`
    select from users where administers_installation and disabled_at is null limit 1`.execute(trx);
  if (rows.length === 0) throw lastAdministrator('the installation');
}

function lastAdministrator(place: string): Refusal {
  return new Refusal(peopleErrors.error('LAST_ADMINISTRATOR', { place }), 409);
}
