-- Schedules as people choose them, what became of their slots, what was done to them, and slots that are run afterwards.

-- What was chosen, beside the cron or the interval that it becomes; null: that is all there is.
alter table schedule add column pattern jsonb;
alter table schedule add column created_by text not null default '';
-- Scheduled runs that failed one after the other, by their ends, and since when.
alter table schedule add column failures integer not null default 0;
alter table schedule add column failing_since timestamptz;
create index schedule_of_workspace on schedule (workspace_id, id);

-- How the run of the slot ended; it stays when the run is forgotten.
alter table schedule_fire add column outcome text;
create index schedule_fire_of_run on schedule_fire (run_id) where run_id is not null;
create index schedule_fire_open on schedule_fire (schedule_id, slot_utc) where run_id is not null and outcome is null;

-- When schedules that always fail are switched off; a workspace without a row has the rule that is documented.
create table schedule_policy (
  workspace_id text primary key references workspace (id),
  switches_off boolean not null,
  failures_min integer not null check (failures_min between 1 and 100000),
  failing_days_min integer not null check (failing_days_min between 0 and 366),
  version integer not null default 1,
  updated_at timestamptz not null default dispatch.now()
);

create table schedule_event (
  id text primary key,
  workspace_id text not null references workspace (id),
  definition_id text not null references definition (id) on delete cascade,
  -- No reference: what was done to it is told when it is gone, too.
  schedule_id text not null,
  kind text not null check (kind in ('created', 'changed', 'switched_on', 'switched_off', 'deleted')),
  -- By a rule, not by somebody.
  is_automatic boolean not null default false,
  actor text not null,
  reason text,
  -- By field: what it was before and after.
  changes jsonb not null default '{}',
  at timestamptz not null default dispatch.now()
);
create index schedule_event_of_workspace on schedule_event (workspace_id, id);
create index schedule_event_of_definition on schedule_event (definition_id, id);
create index schedule_event_of_schedule on schedule_event (schedule_id, id);

-- Slots of a range, run because somebody asked for it.
create table backfill (
  id text primary key,
  workspace_id text not null references workspace (id),
  schedule_id text not null references schedule (id) on delete cascade,
  definition_id text not null,
  from_utc timestamptz not null,
  -- Not among them.
  until_utc timestamptz not null,
  sequence text not null check (sequence in ('oldest_first', 'newest_first')),
  -- Also slots whose run has succeeded.
  redoes_done boolean not null,
  concurrency integer not null check (concurrency between 1 and 20),
  -- Failures in a row after which it pauses, and how many of them are left; null: it never does.
  failures_max integer check (failures_max between 1 and 10000),
  failures_left integer,
  state text not null default 'running' check (state in ('running', 'paused', 'canceled', 'done')),
  reason text,
  slots_total integer not null,
  created_by text not null,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  ended_at timestamptz
);
create index backfill_of_schedule on backfill (schedule_id, id);
create index backfill_open on backfill (id) where ended_at is null;

create table backfill_slot (
  backfill_id text not null references backfill (id) on delete cascade,
  slot_utc timestamptz not null,
  state text not null default 'waiting'
    check (state in ('waiting', 'running', 'done', 'failed', 'skipped', 'canceled')),
  reason text,
  run_id text,
  primary key (backfill_id, slot_utc)
);
create index backfill_slot_waiting on backfill_slot (backfill_id, slot_utc) where state = 'waiting';
create index backfill_slot_running on backfill_slot (backfill_id) where state = 'running';
