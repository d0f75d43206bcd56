import { describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import type { Insertable, Selectable } from 'kysely';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { Tables } from './tables.ts';

/** What may be said of a column whose values have this type: the SQL type, `?` when it may be null, `=` with a default. */
type SqlType<T> = [T] extends [boolean]
  ? 'boolean'
  : [T] extends [number]
    ? 'integer' | 'smallint' | 'double precision'
    : [T] extends [string]
      ? 'text' | 'bigint' | 'timestamptz'
      : [T] extends [Uint8Array]
        ? 'bytea'
        : 'jsonb';
type Described<Select, IsOptional extends boolean> = null extends Select
  ? `${SqlType<NonNullable<Select>>}?`
  : IsOptional extends true
    ? `${SqlType<Select>}=`
    : SqlType<Select>;
type OptionalKeys<T> = { [K in keyof T]-?: Pick<T, K> extends Required<Pick<T, K>> ? never : K }[keyof T];
type Description<T> = {
  [C in keyof Selectable<T>]: Described<
    Selectable<T>[C],
    C extends OptionalKeys<Insertable<T>> ? true : C extends keyof Insertable<T> ? false : true
  >;
};

/** The compiler holds this against `Tables`, the test against the databases. */
const described: { [T in keyof Tables]: Description<Tables[T]> } = {
  applied: {
    workspace_id: 'text',
    kind: 'text',
    resource_id: 'text',
    version: 'integer',
    digest: 'text',
    next_digest: 'text?',
    secret_references: 'jsonb=',
    applied_by: 'text',
    applied_at: 'timestamptz=',
  },
  attempt: {
    run_id: 'text',
    no: 'integer',
    fence: 'bigint',
    executor: 'text',
    name: 'text',
    spec_hash: 'text',
    manifest: 'jsonb',
    phase: 'text',
    delivery_owner: 'text?',
    delivery_until: 'timestamptz?',
    delivery_tries: 'integer=',
    node_tail: 'bytea?',
    absent_since: 'timestamptz?',
    executor_ref: 'text?',
    process_uid: 'text?',
    claim_nonce: 'text?',
    execution_id: 'text?',
    runner_version: 'text?',
    counters: 'jsonb=',
    reported: 'jsonb?',
    observed: 'jsonb?',
    quiesced_by: 'text?',
    created_at: 'timestamptz',
    submitted_at: 'timestamptz?',
    claimed_at: 'timestamptz?',
    reported_at: 'timestamptz?',
    revoked_at: 'timestamptz?',
    quiesced_at: 'timestamptz?',
    cleaned_at: 'timestamptz?',
  },
  connection: {
    id: 'text',
    workspace_id: 'text',
    group_id: 'text?',
    name: 'text',
    plugin: 'text',
    config: 'jsonb',
    secrets: 'jsonb=',
    account_key: 'text',
    version: 'integer=',
    created_at: 'timestamptz=',
    updated_at: 'timestamptz=',
  },
  connection_use: {
    definition_id: 'text',
    connection_id: 'text',
  },
  definition: {
    id: 'text',
    workspace_id: 'text',
    group_id: 'text?',
    kind: 'text',
    name: 'text',
    description: 'text=',
    revision: 'integer=',
    is_enabled: 'boolean=',
    run_options: 'jsonb=',
    version: 'integer=',
    created_at: 'timestamptz=',
    updated_at: 'timestamptz=',
  },
  demo_item: { workspace_id: 'text', kind: 'text', resource_id: 'text' },
  dispatcher: {
    id: 'text',
    version: 'text',
    roles: 'text',
    started_at: 'timestamptz',
    seen_at: 'timestamptz',
  },
  groups: {
    id: 'text',
    workspace_id: 'text',
    name: 'text',
    created_at: 'timestamptz=',
    version: 'integer=',
  },
  idempotency: {
    key_hash: 'text',
    request_mac: 'text',
    status: 'integer?',
    answer: 'text?',
    locked_until: 'timestamptz',
    created_at: 'timestamptz=',
  },
  installation: {
    is_only: 'boolean=',
    id: 'text',
    created_at: 'timestamptz=',
  },
  log_chunk: {
    run_id: 'text',
    attempt_no: 'integer',
    execution_id: 'text',
    seq: 'integer',
    at: 'timestamptz',
    line_count: 'integer',
    size_bytes: 'integer',
    content: 'bytea',
  },
  migration: {
    no: 'integer',
    name: 'text',
    checksum: 'text',
    applied_at: 'timestamptz',
  },
  queue_message: {
    id: 'bigint=',
    kind: 'text',
    run_id: 'text',
    workspace_id: 'text',
    available_at: 'timestamptz',
    lease_token: 'text?',
    lease_until: 'timestamptz?',
    tries: 'integer=',
    dead_at: 'timestamptz?',
    dead_reason: 'text?',
  },
  revision: {
    definition_id: 'text',
    no: 'integer',
    config: 'jsonb',
    memo: 'text=',
    author: 'text',
    created_at: 'timestamptz=',
  },
  run: {
    id: 'text',
    workspace_id: 'text',
    group_id: 'text?',
    definition_id: 'text?',
    revision: 'integer?',
    kind: 'text',
    trigger: 'text',
    created_by: 'text',
    idempotency_key: 'text?',
    priority: 'smallint=',
    lane: 'text=',
    state: 'text',
    state_before: 'text?',
    version: 'integer=',
    attempt_no: 'integer=',
    fence: 'bigint?',
    execution_id: 'text?',
    lease_until: 'timestamptz?',
    heartbeat_seq: 'bigint=',
    heartbeat_at: 'timestamptz?',
    counters: 'jsonb=',
    is_quiesced: 'boolean=',
    job_retries_used: 'integer=',
    job_retries_max: 'integer=',
    infra_retries_used: 'integer=',
    infra_retries_max: 'integer=',
    is_idempotent: 'boolean=',
    commit_mode: 'text=',
    has_exclusive_source: 'boolean=',
    not_before: 'timestamptz',
    queue_deadline: 'timestamptz',
    rank: 'double precision',
    scope_key: 'text',
    run_timeout_s: 'integer=',
    cpu_millis: 'integer=',
    memory_mb: 'integer=',
    stop_reason: 'text?',
    stop_requested_at: 'timestamptz?',
    stop_is_hard: 'boolean=',
    commit_granted_at: 'timestamptz?',
    commit_key: 'text?',
    failure_class: 'text?',
    failure_code: 'text?',
    failure: 'jsonb?',
    note: 'text?',
    result: 'jsonb?',
    blocked_by: 'text?',
    created_at: 'timestamptz',
    queued_at: 'timestamptz',
    started_at: 'timestamptz?',
    terminal_at: 'timestamptz?',
  },
  run_event: {
    run_id: 'text',
    seq: 'integer',
    at: 'timestamptz',
    actor: 'text',
    transition: 'text',
    from_state: 'text?',
    to_state: 'text',
    fence: 'bigint?',
    detail: 'jsonb=',
  },
  run_scope: {
    run_id: 'text',
    scope_kind: 'text',
    scope_id: 'text',
  },
  run_work: {
    run_id: 'text',
    work: 'jsonb',
  },
  schedule: {
    id: 'text',
    workspace_id: 'text',
    definition_id: 'text',
    cron: 'text?',
    interval_s: 'integer?',
    time_zone: 'text=',
    is_enabled: 'boolean=',
    off_reason: 'text?',
    variables: 'jsonb=',
    catchup: 'text=',
    catchup_max: 'integer=',
    max_lateness_s: 'integer?',
    overlap: 'text=',
    jitter_s: 'integer=',
    enabled_from: 'timestamptz=',
    next_slot_utc: 'timestamptz?',
    tzdata_version: 'text',
    version: 'integer=',
    created_at: 'timestamptz=',
    updated_at: 'timestamptz=',
  },
  schedule_fire: {
    schedule_id: 'text',
    slot_utc: 'timestamptz',
    decision: 'text',
    reason: 'text?',
    is_shifted: 'boolean=',
    run_id: 'text?',
    decided_at: 'timestamptz=',
  },
  seat: {
    scope_kind: 'text',
    scope_id: 'text',
    seat_no: 'integer',
    run_id: 'text',
    attempt_no: 'integer',
  },
  seat_limit: {
    scope_kind: 'text',
    scope_id: 'text',
    seats: 'integer',
    label: 'text',
  },
  secret_key: { id: 'text', added_at: 'timestamptz=' },
  token: {
    id: 'text',
    workspace_id: 'text',
    name: 'text',
    hash: 'text',
    created_at: 'timestamptz=',
    last_used_at: 'timestamptz?',
    expires_at: 'timestamptz?',
    revoked_at: 'timestamptz?',
    user_id: 'text?',
    group_id: 'text?',
    role: 'text=',
    administers_installation: 'boolean=',
    created_by: 'text?',
  },
  users: {
    id: 'text',
    email: 'text',
    name: 'text',
    administers_installation: 'boolean=',
    disabled_at: 'timestamptz?',
    version: 'integer=',
    created_at: 'timestamptz=',
  },
  member: {
    workspace_id: 'text',
    user_id: 'text',
    role: 'text',
    version: 'integer=',
    created_at: 'timestamptz=',
  },
  team: { id: 'text', workspace_id: 'text', name: 'text', version: 'integer=', created_at: 'timestamptz=' },
  team_member: {
    team_id: 'text',
    workspace_id: 'text',
    user_id: 'text',
    is_administrator: 'boolean=',
    created_at: 'timestamptz=',
  },
  group_role: {
    id: 'text',
    workspace_id: 'text',
    group_id: 'text',
    team_id: 'text?',
    user_id: 'text?',
    role: 'text',
    created_at: 'timestamptz=',
  },
  audit_event: {
    id: 'text',
    workspace_id: 'text?',
    at: 'timestamptz=',
    actor: 'text',
    user_id: 'text?',
    token_id: 'text?',
    action: 'text',
    resource_kind: 'text?',
    resource_id: 'text?',
    resource_name: 'text?',
    group_id: 'text?',
    fields: 'jsonb=',
    outcome: 'text',
    code: 'text?',
    detail: 'jsonb=',
    request_id: 'text?',
    ended_at: 'timestamptz?',
  },
  workspace_usage: { workspace_id: 'text', value: 'double precision', at: 'timestamptz' },
  workspace: {
    id: 'text',
    name: 'text',
    weight: 'integer=',
    guaranteed_seats: 'integer=',
    suspended_at: 'timestamptz?',
    created_at: 'timestamptz=',
    version: 'integer=',
  },
};

const names: Readonly<Record<string, string>> = { 'timestamp with time zone': 'timestamptz' };

describe.each(storeKinds)('Tables on %s', (kind) => {
  it('are what the migrations make', async () => {
    await using store = await controlStore({ kind });
    const { rows } = await sql<{ table: string; column: string; type: string; nullable: boolean; preset: boolean }>`
      select table_name as table, column_name as column, data_type as type, is_nullable = 'YES' as nullable,
        column_default is not null or is_identity = 'YES' as preset
      from information_schema.columns where table_schema = current_schema() order by ordinal_position`.execute(
      store.db,
    );
    const found: Record<string, Record<string, string>> = {};
    for (const { table, column, type, nullable, preset } of rows) {
      (found[table] ??= {})[column] = `${names[type] ?? type}${nullable ? '?' : preset ? '=' : ''}`;
    }
    expect(found).toEqual(described);
  });
});
