-- Who is told what, where, and what became of it.

-- The server that e-mail goes through: of the installation, unless the environment names one.
create table smtp_server (
  is_only boolean primary key default true check (is_only),
  config jsonb not null,
  secrets jsonb not null default '{}',
  version integer not null default 1,
  updated_at timestamptz not null default dispatch.now()
);

create table notice_destination (
  id text primary key,
  workspace_id text not null references workspace (id),
  name text not null,
  kind text not null check (kind in ('slack', 'email', 'http')),
  -- What is not secret; the secrets lie beside it, each in its envelope.
  config jsonb not null,
  secrets jsonb not null default '{}',
  -- It asked to be left alone until then.
  paused_until timestamptz,
  failures_in_row integer not null default 0,
  failing_since timestamptz,
  last_error text,
  last_sent_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  unique (workspace_id, name)
);

-- Addresses of e-mail destinations. Nothing but the question is sent to one that has not said yes.
create table notice_address (
  id text primary key,
  destination_id text not null references notice_destination (id) on delete cascade,
  address text not null,
  -- Counts the links that were sent: only the last one is good.
  link_no integer not null default 0,
  link_sent_at timestamptz,
  confirmed_at timestamptz,
  created_at timestamptz not null default dispatch.now(),
  unique (destination_id, address)
);

create table notice_rule (
  id text primary key,
  workspace_id text not null references workspace (id),
  -- Of the workspace when it is of neither.
  group_id text references groups (id) on delete cascade,
  definition_id text references definition (id) on delete cascade,
  name text not null,
  destination_id text not null references notice_destination (id),
  event text not null check (event in ('run_succeeded', 'run_failed', 'run_finished', 'run_canceled', 'record_count',
    'run_elapsed', 'run_waiting', 'schedule_off', 'destination_failing')),
  counter text check (counter in ('records_read', 'records_written', 'records_rejected', 'records_skipped',
    'bytes_read', 'bytes_written')),
  comparison text check (comparison in ('above', 'below')),
  threshold bigint check (threshold >= 0),
  after_s integer check (after_s between 60 and 604800),
  language text not null default 'en' check (language in ('en', 'ja')),
  -- null: as it is by default.
  subject text,
  body text,
  is_grouped boolean not null default true,
  is_enabled boolean not null default true,
  -- What happened before is not its business.
  enabled_from timestamptz not null default dispatch.now(),
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  check (num_nonnulls(group_id, definition_id) <= 1),
  check ((event = 'record_count') = (num_nonnulls(counter, comparison, threshold) = 3)),
  check ((event in ('run_elapsed', 'run_waiting')) = (after_s is not null))
);
create index on notice_rule (workspace_id, created_at desc, id desc);
create index on notice_rule (group_id) where group_id is not null;
create index on notice_rule (definition_id) where definition_id is not null;
create index on notice_rule (destination_id);

-- Where a rule from above does not apply.
create table notice_rule_off (
  rule_id text not null references notice_rule (id) on delete cascade,
  group_id text references groups (id) on delete cascade,
  definition_id text references definition (id) on delete cascade,
  created_by text not null,
  created_at timestamptz not null default dispatch.now(),
  check (num_nonnulls(group_id, definition_id) = 1),
  unique nulls not distinct (rule_id, group_id, definition_id)
);
create index on notice_rule_off (group_id) where group_id is not null;
create index on notice_rule_off (definition_id) where definition_id is not null;

-- What happened beside runs, written in the transaction that it happened in; gone once the notices of it are made.
create table notice_event (
  id text primary key,
  workspace_id text not null references workspace (id),
  event text not null check (event in ('schedule_off', 'destination_failing')),
  -- The same key is the same event.
  event_key text not null,
  group_id text,
  definition_id text,
  -- Of `destination_failing`: what fails; nothing about it is sent to itself.
  destination_id text,
  fields jsonb not null default '{}',
  at timestamptz not null default dispatch.now()
);

-- A message on its way: of one notice, of a group of them, or the question for a confirmation.
create table notice_delivery (
  id text primary key,
  workspace_id text not null references workspace (id),
  kind text not null check (kind in ('notice', 'group', 'confirmation', 'test')),
  -- Of what it tells; null when that is of several, or of none.
  group_id text,
  -- These stay when what they name is gone.
  rule_id text,
  rule_name text,
  destination_id text not null,
  destination_name text not null,
  address text,
  subject text not null,
  body text not null,
  notice_count integer not null default 1,
  state text not null check (state in ('waiting', 'sent', 'dead')),
  tries integer not null default 0,
  -- Counts what was sent again by hand after it had arrived: another message to the receiver.
  round integer not null default 0,
  -- Since when it is tried: its creation, or when it was sent again by hand.
  queued_at timestamptz not null default dispatch.now(),
  next_try_at timestamptz not null default dispatch.now(),
  lease_token text,
  lease_until timestamptz,
  last_status integer,
  last_answer text,
  created_at timestamptz not null default dispatch.now(),
  sent_at timestamptz,
  dead_at timestamptz
) with (fillfactor = 80);
create index notice_delivery_waiting on notice_delivery (destination_id, next_try_at, id) where state = 'waiting';
create index notice_delivery_dead on notice_delivery (workspace_id, created_at desc, id desc) where state = 'dead';
create index notice_delivery_log on notice_delivery (workspace_id, created_at desc, id desc);
create index notice_delivery_age on notice_delivery (created_at);

create table notice_attempt (
  delivery_id text not null references notice_delivery (id) on delete cascade,
  no integer not null,
  at timestamptz not null default dispatch.now(),
  outcome text not null check (outcome in ('sent', 'retry', 'failed')),
  status integer,
  answer text not null,
  duration_ms integer not null,
  primary key (delivery_id, no)
);

-- That an event is told by a rule: once, whoever finds it and however often.
create table notice (
  id text primary key,
  workspace_id text not null references workspace (id),
  rule_id text not null references notice_rule (id) on delete cascade,
  event text not null,
  event_key text not null,
  run_id text,
  definition_id text,
  group_id text,
  fields jsonb not null,
  -- It is in a message, or in one for each address of its destination.
  is_batched boolean not null default false,
  created_at timestamptz not null default dispatch.now(),
  unique (rule_id, event_key)
);
create index notice_unbatched on notice (created_at) where not is_batched;
create index on notice (rule_id, created_at);
create index on notice (run_id) where run_id is not null;
create index notice_age on notice (created_at);

create table notice_in_delivery (
  delivery_id text not null references notice_delivery (id) on delete cascade,
  notice_id text not null references notice (id) on delete cascade,
  primary key (delivery_id, notice_id)
);
create index on notice_in_delivery (notice_id);

-- Runs whose end has been looked at. Those that ended before there were notices are not gone through.
alter table run add column is_noticed boolean not null default true;
alter table run alter column is_noticed set default false;
-- A run that was in a state before the column came may end after it.
update run set is_noticed = false where terminal_at is null;
create index run_unnoticed on run (terminal_at) where terminal_at is not null and not is_noticed and kind = 'transfer';

create index on notice_rule (workspace_id) where group_id is null and definition_id is null;

-- A schedule that was switched off by the rule for schedules that always fail, or because it could not be read: a
-- person who switches one off gives no reason. Whoever does it, the event is written with it.
create function dispatch.schedule_switched_off() returns trigger language plpgsql as $$
begin
  insert into notice_event (id, workspace_id, event, event_key, group_id, definition_id, fields)
  select gen_random_uuid()::text, new.workspace_id, 'schedule_off',
    'schedule_off:' || new.id || ':' || extract(epoch from dispatch.now()), d.group_id, d.id,
    jsonb_build_object('schedule_id', new.id, 'schedule_reason', new.off_reason)
  from definition d where d.id = new.definition_id;
  return null;
end $$;
create trigger schedule_switched_off after update of is_enabled on schedule for each row
  when (old.is_enabled and not new.is_enabled and new.off_reason is not null)
  execute function dispatch.schedule_switched_off();
