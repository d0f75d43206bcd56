-- Runs, attempts and what decides about them. The run row carries the live claim (fence, execution, lease), so that
-- every guard of a transition is a condition on one row (decision 0011).

create schema dispatch;

-- The one clock that decisions read. Tests put another in its place.
create function dispatch.now() returns timestamptz language sql volatile parallel safe as 'select clock_timestamp()';

create sequence dispatch.fence;

create table workspace (
  id text primary key,
  name text not null unique,
  weight integer not null default 1 check (weight between 1 and 1000),
  guaranteed_seats integer not null default 0 check (guaranteed_seats >= 0),
  suspended_at timestamptz,
  created_at timestamptz not null default dispatch.now()
);

create table groups (
  id text primary key,
  workspace_id text not null references workspace (id),
  name text not null,
  created_at timestamptz not null default dispatch.now(),
  unique (workspace_id, name)
);

create table connection (
  id text primary key,
  workspace_id text not null references workspace (id),
  group_id text references groups (id),
  name text not null,
  plugin text not null,
  -- What is not secret; the secrets lie beside it, each in its envelope, by the path of its option.
  config jsonb not null,
  secrets jsonb not null default '{}',
  -- The account behind it: connections to one account share one limit.
  account_key text not null,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  unique (workspace_id, name)
);

create table definition (
  id text primary key,
  workspace_id text not null references workspace (id),
  group_id text references groups (id),
  kind text not null check (kind in ('transfer', 'mart', 'check', 'workflow')),
  name text not null,
  description text not null default '',
  revision integer not null default 1,
  is_enabled boolean not null default true,
  -- How its runs are run: priority, retries, timeouts, resources; see api/.
  run_options jsonb not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  unique (workspace_id, kind, name)
);

create table revision (
  definition_id text not null references definition (id) on delete cascade,
  no integer not null,
  config jsonb not null,
  memo text not null default '',
  author text not null,
  created_at timestamptz not null default dispatch.now(),
  primary key (definition_id, no)
);

-- Where a connection is used, for each current revision.
create table connection_use (
  definition_id text not null references definition (id) on delete cascade,
  connection_id text not null references connection (id),
  primary key (definition_id, connection_id)
);
create index on connection_use (connection_id);

create table run (
  id text primary key,
  workspace_id text not null references workspace (id),
  group_id text,
  definition_id text,
  revision integer,
  kind text not null check (kind in ('transfer', 'test', 'browse', 'guess', 'preview', 'probe')),
  trigger text not null check (trigger in ('manual', 'api', 'schedule', 'workflow')),
  created_by text not null,
  idempotency_key text,
  priority smallint not null default 5 check (priority between 0 and 9),
  lane text not null default 'batch' check (lane in ('batch', 'interactive')),

  state text not null check (state in ('QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF',
    'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED')),
  state_before text,
  version integer not null default 1,
  attempt_no integer not null default 0,

  -- The live claim; of the attempt `attempt_no`.
  fence bigint,
  execution_id text,
  lease_until timestamptz,
  heartbeat_seq bigint not null default 0,
  heartbeat_at timestamptz,
  counters jsonb not null default '{}',
  -- No attempt, or the last one is known to be over.
  is_quiesced boolean not null default true,

  job_retries_used integer not null default 0,
  job_retries_max integer not null default 0,
  infra_retries_used integer not null default 0,
  infra_retries_max integer not null default 5,
  is_idempotent boolean not null default false,
  commit_mode text not null default 'permit' check (commit_mode in ('permit', 'continuous')),
  has_exclusive_source boolean not null default false,

  not_before timestamptz not null,
  queue_deadline timestamptz not null,
  -- Order within a workspace, lowest first: seconds of `queued_at`, less four minutes for each step of priority. So a
  -- run gains a step of priority every four minutes of waiting, and the order never changes while it waits.
  rank double precision not null,
  -- The same for all runs that the same limits apply to: they are blocked together.
  scope_key text not null,
  run_timeout_s integer not null default 43200 check (run_timeout_s between 1 and 604800),
  cpu_millis integer not null default 1000,
  memory_mb integer not null default 1024,

  stop_reason text check (stop_reason in ('canceled', 'timeout', 'superseded', 'suspended', 'admin')),
  stop_requested_at timestamptz,
  stop_is_hard boolean not null default false,
  commit_granted_at timestamptz,
  commit_key text,

  failure_class text,
  failure_code text,
  failure jsonb,
  note text,
  result jsonb,
  blocked_by text,

  created_at timestamptz not null,
  queued_at timestamptz not null,
  started_at timestamptz,
  terminal_at timestamptz,
  unique (workspace_id, idempotency_key)
) with (fillfactor = 70);

create index run_ready on run (workspace_id, rank, id) where state = 'QUEUED';
create index run_ready_by_scopes on run (workspace_id, scope_key, rank, id) where state = 'QUEUED';
create index run_live on run (state) where state in ('DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF');
create index run_unquiesced on run (id) where not is_quiesced;
create index run_of_workspace on run (workspace_id, created_at desc, id desc);
create index run_of_definition on run (definition_id, created_at desc, id desc);
create index run_terminal on run (terminal_at) where terminal_at is not null;
alter table run set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- What the run does, frozen when it was created: configuration and variables, and handles instead of secrets.
create table run_work (
  run_id text primary key references run (id) on delete cascade,
  work jsonb not null
);

create table attempt (
  run_id text not null references run (id) on delete cascade,
  no integer not null,
  fence bigint not null unique,
  executor text not null,
  name text not null unique,
  spec_hash text not null,
  -- As it was rendered first; a later release would render another.
  manifest jsonb not null,
  phase text not null check (phase in ('PLANNED', 'SUBMITTED', 'CLAIMED', 'REPORTED', 'REVOKED', 'QUIESCED', 'CLEANED')),
  delivery_owner text,
  delivery_until timestamptz,
  delivery_tries integer not null default 0,
  executor_ref text,
  -- Of the process that claimed: it may ask again, nobody else may.
  process_uid text,
  claim_nonce text,
  execution_id text,
  runner_version text,
  counters jsonb not null default '{}',
  reported jsonb,
  observed jsonb,
  -- The end of what it printed, when the runner could not send it.
  node_tail bytea,
  absent_since timestamptz,
  quiesced_by text check (quiesced_by in ('Q0', 'Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6')),
  created_at timestamptz not null,
  submitted_at timestamptz,
  claimed_at timestamptz,
  reported_at timestamptz,
  revoked_at timestamptz,
  quiesced_at timestamptz,
  cleaned_at timestamptz,
  primary key (run_id, no)
) with (fillfactor = 80);

-- One live attempt per run, whatever the code does.
create unique index attempt_live on attempt (run_id) where quiesced_at is null;
create index attempt_uncleaned on attempt (executor, created_at) where cleaned_at is null;
create index attempt_undelivered on attempt (delivery_until nulls first) where phase = 'PLANNED';

-- The limits that apply to a run.
create table run_scope (
  run_id text not null references run (id) on delete cascade,
  scope_kind text not null check (scope_kind in ('installation', 'lane', 'workspace', 'group', 'definition', 'account')),
  scope_id text not null,
  primary key (run_id, scope_kind, scope_id)
);

-- How many seats a scope has; a scope without a row has no limit.
create table seat_limit (
  scope_kind text not null,
  scope_id text not null,
  seats integer not null check (seats >= 0),
  label text not null,
  primary key (scope_kind, scope_id)
);

create table seat (
  scope_kind text not null,
  scope_id text not null,
  seat_no integer not null,
  run_id text not null,
  attempt_no integer not null,
  primary key (scope_kind, scope_id, seat_no),
  unique (scope_kind, scope_id, run_id)
) with (fillfactor = 70);
create index on seat (run_id);

create table run_event (
  run_id text not null references run (id) on delete cascade,
  seq integer not null,
  at timestamptz not null,
  actor text not null,
  transition text not null,
  from_state text,
  to_state text not null,
  fence bigint,
  detail jsonb not null default '{}',
  primary key (run_id, seq)
);

create table queue_message (
  id bigint generated always as identity primary key,
  kind text not null,
  run_id text not null,
  workspace_id text not null,
  available_at timestamptz not null,
  lease_token text,
  lease_until timestamptz,
  tries integer not null default 0,
  dead_at timestamptz,
  dead_reason text
) with (fillfactor = 70);
create index queue_message_ready on queue_message (available_at) where dead_at is null;

create table log_chunk (
  run_id text not null references run (id) on delete cascade,
  attempt_no integer not null,
  execution_id text not null,
  seq integer not null,
  at timestamptz not null,
  line_count integer not null,
  size_bytes integer not null,
  -- gzip of NDJSON lines
  content bytea not null,
  primary key (run_id, attempt_no, execution_id, seq)
);

create table token (
  id text primary key,
  workspace_id text not null references workspace (id),
  name text not null,
  -- SHA-256 of the token: the token itself is shown once.
  hash text not null unique,
  created_at timestamptz not null default dispatch.now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);

-- What a workspace has used of late: cost times seconds, halved every half hour.
create table workspace_usage (
  workspace_id text primary key references workspace (id),
  value double precision not null,
  at timestamptz not null
);

create table dispatcher (
  id text primary key,
  version text not null,
  roles text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);
