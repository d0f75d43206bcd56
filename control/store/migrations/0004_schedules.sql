-- When definitions run by themselves, and what became of each time.

create table schedule (
  id text primary key,
  workspace_id text not null references workspace (id),
  definition_id text not null references definition (id) on delete cascade,
  cron text,
  interval_s integer check (interval_s between 60 and 31536000),
  time_zone text not null default 'Etc/UTC',
  is_enabled boolean not null default true,
  -- Why it was switched off, unless somebody did so.
  off_reason text,
  variables jsonb not null default '{}',
  catchup text not null default 'latest' check (catchup in ('none', 'latest', 'all')),
  catchup_max integer not null default 100 check (catchup_max between 1 and 100),
  -- null: an hour, and for `all` without end.
  max_lateness_s integer check (max_lateness_s >= 0),
  overlap text not null default 'skip' check (overlap in ('allow', 'skip', 'queue_one', 'cancel_previous')),
  jitter_s integer not null default 0 check (jitter_s between 0 and 3600),
  enabled_from timestamptz not null default dispatch.now(),
  -- null: none comes any more.
  next_slot_utc timestamptz,
  -- The rules of time zones that it was computed by.
  tzdata_version text not null,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  check ((cron is null) <> (interval_s is null))
);
create index schedule_due on schedule (next_slot_utc) where is_enabled;
create index schedule_of_definition on schedule (definition_id);

-- Each slot is decided on once: whoever is second finds the row.
create table schedule_fire (
  schedule_id text not null references schedule (id) on delete cascade,
  slot_utc timestamptz not null,
  -- `waiting`: for the end of the run before it.
  decision text not null check (decision in ('fired', 'waiting', 'skipped', 'backfilled')),
  reason text,
  is_shifted boolean not null default false,
  run_id text,
  decided_at timestamptz not null default dispatch.now(),
  primary key (schedule_id, slot_utc)
);
create index schedule_fire_waiting on schedule_fire (slot_utc) where decision = 'waiting';

-- Whether a definition runs at present, however often it ran before.
create index run_open_of_definition on run (definition_id) where terminal_at is null;
