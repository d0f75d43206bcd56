/** The tables of people, of what they may do, and of what was done. */
import type { Generated } from 'kysely';
import type { Role, WorkspaceRole } from '#api/endpoint.ts';
import type { GeneratedJson, Instant } from './column-types.ts';

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  administers_installation: Generated<boolean>;
  disabled_at: Instant | null;
  version: Generated<number>;
  created_at: Generated<Instant>;
}

export interface MemberTable {
  workspace_id: string;
  user_id: string;
  role: WorkspaceRole;
  version: Generated<number>;
  created_at: Generated<Instant>;
}

export interface TeamTable {
  id: string;
  workspace_id: string;
  name: string;
  version: Generated<number>;
  created_at: Generated<Instant>;
}

export interface TeamMemberTable {
  team_id: string;
  workspace_id: string;
  user_id: string;
  is_administrator: Generated<boolean>;
  created_at: Generated<Instant>;
}

export interface GroupRoleTable {
  id: string;
  workspace_id: string;
  group_id: string;
  team_id: string | null;
  user_id: string | null;
  role: Role;
  created_at: Generated<Instant>;
}

export type AuditOutcome = 'begun' | 'succeeded' | 'refused' | 'failed';

export interface AuditEventTable {
  id: string;
  workspace_id: string | null;
  at: Generated<Instant>;
  actor: string;
  user_id: string | null;
  token_id: string | null;
  action: string;
  resource_kind: string | null;
  resource_id: string | null;
  resource_name: string | null;
  group_id: string | null;
  fields: GeneratedJson<readonly string[]>;
  outcome: AuditOutcome;
  code: string | null;
  detail: GeneratedJson;
  request_id: string | null;
  ended_at: Instant | null;
}

export interface PeopleTables {
  users: UsersTable;
  member: MemberTable;
  team: TeamTable;
  team_member: TeamMemberTable;
  group_role: GroupRoleTable;
  audit_event: AuditEventTable;
}
