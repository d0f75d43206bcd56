/** People as rows, with tokens of their own: what they may do is what the rows say. */
import type { Role, WorkspaceRole } from '#api/endpoint.ts';
import { createToken } from '#control/auth/tokens.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

export async function newUser(db: Db, name: string, administersInstallation = false): Promise<string> {
  const id = newId();
  const email = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.')}.${id}@example.com`;
  await db.insertInto('users').values({ id, email, name, administers_installation: administersInstallation }).execute();
  return id;
}

export async function addMember(db: Db, workspaceId: string, userId: string, role: WorkspaceRole): Promise<void> {
  await db.insertInto('member').values({ workspace_id: workspaceId, user_id: userId, role }).execute();
}

export async function newGroup(db: Db, workspaceId: string, name: string): Promise<string> {
  const id = newId();
  await db.insertInto('groups').values({ id, workspace_id: workspaceId, name }).execute();
  return id;
}

export async function newTeam(db: Db, workspaceId: string, name: string): Promise<string> {
  const id = newId();
  await db.insertInto('team').values({ id, workspace_id: workspaceId, name }).execute();
  return id;
}

export async function addToTeam(
  db: Db,
  workspaceId: string,
  { teamId, userId, isAdministrator = false }: { teamId: string; userId: string; isAdministrator?: boolean },
): Promise<void> {
  const row = { team_id: teamId, workspace_id: workspaceId, user_id: userId, is_administrator: isAdministrator };
  await db.insertInto('team_member').values(row).execute();
}

export async function giveRoleTo(
  db: Db,
  workspaceId: string,
  { groupId, role, ...grantee }: { groupId: string; role: Role; userId?: string; teamId?: string },
): Promise<void> {
  const { userId = null, teamId = null } = grantee;
  const row = { id: newId(), workspace_id: workspaceId, group_id: groupId, role, user_id: userId, team_id: teamId };
  await db.insertInto('group_role').values(row).execute();
}

/** A token that narrows nothing, unless told. */
export async function tokenOfUser(
  db: Db,
  { workspaceId, userId, role = 'administrator' }: { workspaceId: string; userId: string; role?: Role },
): Promise<string> {
  const { token } = await createToken(db, { workspaceId, userId, role, name: 'of a person', expiresAt: null });
  return token;
}

/** Somebody new in the workspace, with a token. */
export async function newMember(
  db: Db,
  workspaceId: string,
  { name, role }: { name: string; role: WorkspaceRole },
): Promise<{ readonly userId: string; readonly token: string }> {
  const userId = await newUser(db, name);
  await addMember(db, workspaceId, userId, role);
  return { userId, token: await tokenOfUser(db, { workspaceId, userId }) };
}
