/**
 * The one place where it is decided who may do what. From what an endpoint asks for, who asks, and where the resource
 * is; nothing is looked up here.
 */
import type { Rights, Role, WorkspaceRole } from '#api/endpoint.ts';
import type { Principal } from '#control/http/handler.ts';

const ranks: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, editor: 3, administrator: 4 };

/** Each role holds those before it. */
export function holds(role: Role | null, needed: Role): boolean {
  return role !== null && ranks[role] >= ranks[needed];
}

export function narrower(left: Role, right: Role): Role {
  return ranks[left] <= ranks[right] ? left : right;
}

function wider(left: Role | null, right: Role | null): Role | null {
  if (left === null || right === null) return left ?? right;
  return ranks[left] >= ranks[right] ? left : right;
}

type Bearer = Pick<Principal, 'role' | 'groupRoles'>;

/** The widest of what the workspace gives and what the group gives. */
export function roleIn({ role, groupRoles }: Bearer, groupId: string | null): Role | null {
  return wider(role, groupId === null ? null : (groupRoles.get(groupId) ?? null));
}

/** Where the resource of a request is. */
export interface Place {
  /** Null: in no group, so that only the role in the workspace counts. */
  readonly groupId: string | null;
  /** Whose own it is: that person may do with it what he likes. */
  readonly ownerId?: string | null;
  /** Who has less does not learn that it is there. */
  readonly seenFrom?: Role;
  readonly teamId?: string;
}

export interface MissingRight {
  readonly role: Role | 'member';
  readonly in: 'group' | 'workspace' | 'team' | 'installation';
  /** Of the group or the team. */
  readonly id: string | null;
}

/** `hidden`: it must look as if it were not there. `person`: a person is needed, whoever it is. */
export type Verdict = 'granted' | 'hidden' | 'person' | MissingRight;

/** A list has no place: it shows what is in places where the role is there (`visible.ts`). */
export function decide(rights: Rights, principal: Principal, place: Place | undefined): Verdict {
  if (rights === 'public' || rights === 'known') return 'granted';
  if (rights === 'person') return principal.userId === null ? 'person' : 'granted';
  if (rights.in === 'group' && place !== undefined) return decideIn(place, rights.role, principal);
  const { role } = rights.in === 'group' ? { role: 'member' as const } : rights;
  if (isThere(principal, { role, in: rights.in, teamId: place?.teamId })) return 'granted';
  if (rights.in === 'team') return { role, in: 'team', id: place?.teamId ?? null };
  return { role, in: rights.in === 'installation' ? 'installation' : 'workspace', id: null };
}

function isThere(
  principal: Principal,
  needed: { readonly role: WorkspaceRole; readonly in: string; readonly teamId: string | undefined },
): boolean {
  if (needed.in === 'installation') return principal.administersInstallation;
  if (needed.role === 'member') return principal.workspaceId !== '';
  if (holds(principal.role, needed.role)) return true;
  return needed.in === 'team' && principal.administersTeams.has(needed.teamId ?? '');
}

function decideIn(
  { groupId, ownerId = null, seenFrom = 'viewer' }: Place,
  needed: Role,
  principal: Principal,
): Verdict {
  if (ownerId !== null && ownerId === principal.userId) return 'granted';
  const role = roleIn(principal, groupId);
  if (holds(role, needed)) return 'granted';
  if (!holds(role, seenFrom)) return 'hidden';
  return missingIn(groupId, needed);
}

/** Where something is to be put. A group that may not be seen is none. */
export function decideTarget(groupId: string | null, needed: Role, principal: Principal): Verdict {
  const verdict = decideIn({ groupId }, needed, principal);
  // That there is a workspace is known to everybody in it.
  return verdict === 'hidden' && groupId === null ? missingIn(null, needed) : verdict;
}

function missingIn(groupId: string | null, role: Role): MissingRight {
  return groupId === null ? { role, in: 'workspace', id: null } : { role, in: 'group', id: groupId };
}
