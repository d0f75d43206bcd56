/** The tables of signing in. */
import type { Generated } from 'kysely';
import type { WorkspaceRole } from '#api/endpoint.ts';
import type { GeneratedJson, Instant } from './column-types.ts';

export interface PasswordTable {
  user_id: string;
  hash: string;
  changed_at: Generated<Instant>;
}

export type SignInMethod = 'password' | 'link' | 'provider';

export interface SessionTable {
  id: string;
  user_id: string;
  hash: string;
  is_pending: Generated<boolean>;
  code_tries: Generated<number>;
  method: SignInMethod;
  address: string;
  device: string;
  created_at: Generated<Instant>;
  seen_at: Generated<Instant>;
  expires_at: Instant;
}

export type LinkKind = 'setup' | 'invitation' | 'reset';

export interface OneTimeLinkTable {
  id: string;
  kind: LinkKind;
  hash: string;
  user_id: string | null;
  email: string | null;
  workspace_id: string | null;
  role: WorkspaceRole | null;
  team_ids: GeneratedJson<readonly string[]>;
  created_by: string;
  created_at: Generated<Instant>;
  expires_at: Instant;
  used_at: Instant | null;
  revoked_at: Instant | null;
}

export interface SecondFactorTable {
  user_id: string;
  secret: string;
  confirmed_at: Instant | null;
  last_step: Generated<number>;
  created_at: Generated<Instant>;
}

export interface RecoveryCodeTable {
  user_id: string;
  hash: string;
  used_at: Instant | null;
}

export interface SignInProviderTable {
  id: string;
  name: string;
  issuer: string;
  client_id: string;
  client_secret: string | null;
  scopes: string;
  email_domains: GeneratedJson<readonly string[]>;
  new_role: WorkspaceRole | null;
  new_workspace_id: string | null;
  is_enabled: Generated<boolean>;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

export interface SignInIdentityTable {
  issuer: string;
  subject: string;
  user_id: string;
  created_at: Generated<Instant>;
  used_at: Generated<Instant>;
}

export interface SignInFlowTable {
  state_hash: string;
  provider_id: string;
  browser_hash: string;
  secrets: string;
  expires_at: Instant;
}

export interface SignInThrottleTable {
  key: string;
  count: number;
  last_at: Instant;
  wait_until: Instant;
}

export interface SignInPolicyTable {
  is_only: Generated<boolean>;
  requires_second_factor: boolean;
  idle_minutes: number;
  session_hours: number;
  version: Generated<number>;
}

export interface SignInTables {
  password: PasswordTable;
  session: SessionTable;
  one_time_link: OneTimeLinkTable;
  second_factor: SecondFactorTable;
  recovery_code: RecoveryCodeTable;
  sign_in_provider: SignInProviderTable;
  sign_in_identity: SignInIdentityTable;
  sign_in_flow: SignInFlowTable;
  sign_in_throttle: SignInThrottleTable;
  sign_in_policy: SignInPolicyTable;
}
