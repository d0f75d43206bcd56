-- Variables: values that settings name as $name$.

-- What a revision declares, and where its configuration names it.
alter table revision add column variables jsonb not null default '{}';

-- Values that are known only since the run has begun, by key.
alter table run_work add column late_values jsonb not null default '{}';

-- When the last run that succeeded began, of those that retention has forgotten.
alter table definition add column succeeded_before timestamptz;

-- The last run of a definition that succeeded.
create index run_success_of_definition on run (definition_id, started_at desc)
  where state = 'SUCCEEDED' and kind = 'transfer';
