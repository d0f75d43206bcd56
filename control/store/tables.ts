/**
 * The tables as kysely knows them, by hand: `tables.test.ts` compares them with what the databases say. What the values
 * are in TypeScript is said in `values.ts`.
 */
import type { ColumnType, Generated } from 'kysely';
import type { Role } from '#api/endpoint.ts';
import type { AppliedTables } from './applied-tables.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import type { Bigint, GeneratedJson, Instant, Json, NullableBigint, NullableJson } from './column-types.ts';
import type { NoticeTables } from './notice-tables.ts';
import type { PeopleTables } from './people-tables.ts';
import type { TransferTables } from './transfer-tables.ts';
import type { ScheduleTables } from './schedule-tables.ts';
import type { SignInTables } from './sign-in-tables.ts';

export type RunKind = 'transfer' | 'test' | 'browse' | 'guess' | 'preview' | 'probe';
export type RunTrigger = 'manual' | 'api' | 'schedule' | 'workflow';
export type Lane = 'batch' | 'interactive';
export type RunState =
  | 'QUEUED'
  | 'DISPATCHING'
  | 'STARTING'
  | 'RUNNING'
  | 'STOPPING'
  | 'BACKOFF'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'SKIPPED';
export type AttemptPhase = 'PLANNED' | 'SUBMITTED' | 'CLAIMED' | 'REPORTED' | 'REVOKED' | 'QUIESCED' | 'CLEANED';
export type QuiescedBy = 'Q0' | 'Q1' | 'Q2' | 'Q3' | 'Q4' | 'Q5' | 'Q6';
export type StopReason = 'canceled' | 'timeout' | 'superseded' | 'suspended' | 'admin';
export type ScopeKind = 'installation' | 'lane' | 'workspace' | 'group' | 'definition' | 'account';

export interface MigrationTable {
  no: number;
  name: string;
  checksum: string;
  applied_at: Instant;
}

export interface InstallationTable {
  is_only: Generated<boolean>;
  id: string;
  created_at: Generated<Instant>;
}

export interface SecretKeyTable {
  id: string;
  added_at: Generated<Instant>;
}

export interface WorkspaceTable {
  id: string;
  name: string;
  weight: Generated<number>;
  guaranteed_seats: Generated<number>;
  suspended_at: Instant | null;
  created_at: Generated<Instant>;
  version: Generated<number>;
  requires_second_factor: Generated<boolean>;
}

export interface GroupsTable {
  id: string;
  workspace_id: string;
  name: string;
  created_at: Generated<Instant>;
  version: Generated<number>;
}

export interface IdempotencyTable {
  key_hash: string;
  request_mac: string;
  status: number | null;
  answer: string | null;
  locked_until: Instant;
  created_at: Generated<Instant>;
}

export interface ConnectionTable {
  id: string;
  workspace_id: string;
  group_id: string | null;
  name: string;
  plugin: string;
  config: Json;
  /** Envelopes by the path of the option; see `secrets/`. */
  secrets: GeneratedJson<Readonly<Record<string, string>>>;
  account_key: string;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

export interface DefinitionTable {
  id: string;
  workspace_id: string;
  group_id: string | null;
  kind: 'transfer' | 'mart' | 'check' | 'workflow';
  name: string;
  description: Generated<string>;
  revision: Generated<number>;
  is_enabled: Generated<boolean>;
  run_options: GeneratedJson;
  succeeded_before: Instant | null;
  search_text: Generated<string>;
  updated_by: Generated<string>;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

export interface RevisionTable {
  definition_id: string;
  no: number;
  config: Json;
  variables: GeneratedJson;
  yaml: string | null;
  yaml_dialect: YamlDialect | null;
  memo: Generated<string>;
  author: string;
  created_at: Generated<Instant>;
}

export interface ConnectionUseTable {
  definition_id: string;
  connection_id: string;
}

export interface RunTable {
  id: string;
  workspace_id: string;
  group_id: string | null;
  definition_id: string | null;
  revision: number | null;
  kind: RunKind;
  trigger: RunTrigger;
  created_by: string;
  idempotency_key: string | null;
  priority: Generated<number>;
  lane: Generated<Lane>;
  state: RunState;
  state_before: RunState | null;
  version: Generated<number>;
  attempt_no: Generated<number>;
  fence: NullableBigint;
  execution_id: string | null;
  lease_until: Instant | null;
  heartbeat_seq: ColumnType<string, string | number | bigint | undefined, string | number | bigint>;
  heartbeat_at: Instant | null;
  counters: GeneratedJson;
  is_quiesced: Generated<boolean>;
  job_retries_used: Generated<number>;
  job_retries_max: Generated<number>;
  infra_retries_used: Generated<number>;
  infra_retries_max: Generated<number>;
  is_idempotent: Generated<boolean>;
  commit_mode: Generated<'permit' | 'continuous'>;
  has_exclusive_source: Generated<boolean>;
  not_before: Instant;
  queue_deadline: Instant;
  rank: number;
  scope_key: string;
  run_timeout_s: Generated<number>;
  cpu_millis: Generated<number>;
  memory_mb: Generated<number>;
  stop_reason: StopReason | null;
  stop_requested_at: Instant | null;
  stop_is_hard: Generated<boolean>;
  commit_granted_at: Instant | null;
  commit_key: string | null;
  failure_class: string | null;
  failure_code: string | null;
  failure: NullableJson;
  note: string | null;
  result: NullableJson;
  blocked_by: string | null;
  created_at: Instant;
  queued_at: Instant;
  started_at: Instant | null;
  terminal_at: Instant | null;
  is_noticed: Generated<boolean>;
}

export interface RunWorkTable {
  run_id: string;
  work: Json;
  late_values: GeneratedJson<Readonly<Record<string, string>>>;
}

export interface AttemptTable {
  run_id: string;
  no: number;
  fence: Bigint;
  executor: string;
  name: string;
  spec_hash: string;
  manifest: Json;
  phase: AttemptPhase;
  delivery_owner: string | null;
  delivery_until: Instant | null;
  delivery_tries: Generated<number>;
  executor_ref: string | null;
  process_uid: string | null;
  claim_nonce: string | null;
  execution_id: string | null;
  runner_version: string | null;
  counters: GeneratedJson;
  reported: NullableJson;
  observed: NullableJson;
  node_tail: Uint8Array | null;
  absent_since: Instant | null;
  quiesced_by: QuiescedBy | null;
  created_at: Instant;
  submitted_at: Instant | null;
  claimed_at: Instant | null;
  reported_at: Instant | null;
  revoked_at: Instant | null;
  quiesced_at: Instant | null;
  cleaned_at: Instant | null;
}

export interface RunScopeTable {
  run_id: string;
  scope_kind: ScopeKind;
  scope_id: string;
}

export interface SeatLimitTable {
  scope_kind: string;
  scope_id: string;
  seats: number;
  label: string;
}

export interface SeatTable {
  scope_kind: string;
  scope_id: string;
  seat_no: number;
  run_id: string;
  attempt_no: number;
}

export interface RunEventTable {
  run_id: string;
  seq: number;
  at: Instant;
  actor: string;
  transition: string;
  from_state: RunState | null;
  to_state: RunState;
  fence: NullableBigint;
  detail: GeneratedJson;
}

export interface QueueMessageTable {
  /** Given by the database alone. */
  id: ColumnType<string, never, never>;
  kind: string;
  run_id: string;
  workspace_id: string;
  available_at: Instant;
  lease_token: string | null;
  lease_until: Instant | null;
  tries: Generated<number>;
  dead_at: Instant | null;
  dead_reason: string | null;
}

export interface LogChunkTable {
  run_id: string;
  attempt_no: number;
  execution_id: string;
  seq: number;
  at: Instant;
  line_count: number;
  size_bytes: number;
  content: Uint8Array;
}

export interface TokenTable {
  id: string;
  workspace_id: string;
  name: string;
  hash: string;
  created_at: Generated<Instant>;
  last_used_at: Instant | null;
  expires_at: Instant | null;
  revoked_at: Instant | null;
  /** Of whom it is; null for one of a service. */
  user_id: string | null;
  group_id: string | null;
  role: Generated<Role>;
  administers_installation: Generated<boolean>;
  created_by: string | null;
}

export interface WorkspaceUsageTable {
  workspace_id: string;
  value: number;
  at: Instant;
}

export interface DispatcherTable {
  id: string;
  version: string;
  roles: string;
  started_at: Instant;
  seen_at: Instant;
}

export interface Tables
  extends PeopleTables, TransferTables, ScheduleTables, NoticeTables, AppliedTables, SignInTables {
  migration: MigrationTable;
  installation: InstallationTable;
  secret_key: SecretKeyTable;
  workspace: WorkspaceTable;
  groups: GroupsTable;
  connection: ConnectionTable;
  definition: DefinitionTable;
  revision: RevisionTable;
  connection_use: ConnectionUseTable;
  run: RunTable;
  run_work: RunWorkTable;
  attempt: AttemptTable;
  run_scope: RunScopeTable;
  seat_limit: SeatLimitTable;
  seat: SeatTable;
  run_event: RunEventTable;
  queue_message: QueueMessageTable;
  log_chunk: LogChunkTable;
  token: TokenTable;
  workspace_usage: WorkspaceUsageTable;
  dispatcher: DispatcherTable;
  idempotency: IdempotencyTable;
}
