/** Who may do what in a group: rows that say so. */
import type { Role } from '#api/endpoint.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';

export interface GroupRoleToGive {
  readonly workspaceId: string;
  readonly groupId: string;
  readonly role: Role;
  /** One of the two. */
  readonly teamId: string | null;
  readonly userId: string | null;
}

/** In place of the role that is there. */
export async function giveRole(
  db: Store['db'],
  { workspaceId, groupId, role, teamId, userId }: GroupRoleToGive,
): Promise<void> {
  const row = { id: newId(), workspace_id: workspaceId, group_id: groupId, team_id: teamId, user_id: userId, role };
  await db
    .insertInto('group_role')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['group_id', teamId === null ? 'user_id' : 'team_id']).doUpdateSet({ role }),
    )
    .execute();
}
