/** What uses a resource, for somebody who may not see all of it: the others are counted, not named. */
import type { ResourceReference } from '#api/problem.ts';
import { holds, roleIn } from '#control/auth/rights.ts';
import type { Principal } from '#control/http/handler.ts';

export interface PlacedReference extends ResourceReference {
  readonly group_id: string | null;
}

export function shownUsers(
  found: readonly PlacedReference[],
  principal: Pick<Principal, 'role' | 'groupRoles'>,
): { users: ResourceReference[]; usersHidden: number } {
  const users = found
    .filter((user) => holds(roleIn(principal, user.group_id), 'viewer'))
    .map(({ kind, id, name }) => ({ kind, id, name }));
  return { users, usersHidden: found.length - users.length };
}
