/** Accounts as signing in makes and finds them. */
import { sql } from 'kysely';
import type { WorkspaceRole } from '#api/endpoint.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** Also one who is not let in any more. */
export async function personByEmail(db: Db, email: string): Promise<Person | undefined> {
  return await db.selectFrom('users').select(['id', 'email', 'name']).where('email', '=', email).executeTakeFirst();
}

export interface NewPerson {
  readonly email: string;
  readonly name: string;
  readonly administersInstallation?: boolean;
}

/** Throws the database's "there is one already" when the address is taken. */
export async function createPerson(
  db: Db,
  { email, name, administersInstallation = false }: NewPerson,
): Promise<Person> {
  return await db
    .insertInto('users')
    .values({ id: newId(), email, name, administers_installation: administersInstallation })
    .returning(['id', 'email', 'name'])
    .executeTakeFirstOrThrow();
}

export interface NewMember {
  readonly workspaceId: string;
  readonly userId: string;
  readonly role: WorkspaceRole;
  readonly teamIds?: readonly string[];
}

/** Who belongs there already keeps the role that there is. Teams that have gone meanwhile are left out. */
export async function addMember(db: Db, { workspaceId, userId, role, teamIds = [] }: NewMember): Promise<void> {
  await db
    .insertInto('member')
    .values({ workspace_id: workspaceId, user_id: userId, role })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (teamIds.length === 0) return;
  await sql`
    insert into team_member (team_id, workspace_id, user_id)
    select id, workspace_id, ${userId} from team
    where workspace_id = ${workspaceId} and id = any(${[...teamIds]}::text[])
    on conflict do nothing`.execute(db);
}

/** Somebody who can be let in administers the installation. */
export async function hasOwner(db: Db): Promise<boolean> {
  const owner = await db
    .selectFrom('users')
    .select('id')
    .where('administers_installation', '=', true)
    .where('disabled_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return owner !== undefined;
}

export async function setPassword(db: Db, userId: string, hash: string): Promise<void> {
  await db
    .insertInto('password')
    .values({ user_id: userId, hash })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ hash, changed_at: sql<string>`dispatch.now()` }))
    .execute();
}
