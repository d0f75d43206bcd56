/** What of a list somebody sees: a condition of its statement, so that pages are full and nothing is fetched in vain. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Role } from '#api/endpoint.ts';
import type { Principal } from '#control/http/handler.ts';
import { holds } from './rights.ts';

/** Groups where the role is there; undefined when it is there in the whole workspace. */
export function visibleGroups(
  { role, groupRoles }: Pick<Principal, 'role' | 'groupRoles'>,
  atLeast: Role = 'viewer',
): readonly string[] | undefined {
  if (holds(role, atLeast)) return undefined;
  return [...groupRoles].filter(([, given]) => holds(given, atLeast)).map(([groupId]) => groupId);
}

/** True of rows whose group, in the column of this name, is one where the role is there. */
export function visibleTo(principal: Principal, groupColumn: string, atLeast: Role = 'viewer'): RawBuilder<boolean> {
  const groups = visibleGroups(principal, atLeast);
  if (groups === undefined) return sql<boolean>`true`;
  return sql<boolean>`coalesce(${sql.ref(groupColumn)} = any(${[...groups]}::text[]), false)`;
}
