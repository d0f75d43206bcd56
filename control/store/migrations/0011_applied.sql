-- Definitions that are kept as files: what each was when it was applied last, so that what is changed elsewhere is
-- noticed by all who apply.
create table applied (
  workspace_id text not null references workspace (id),
  kind text not null,
  resource_id text not null,
  -- Of the resource, after it was applied.
  version integer not null,
  -- Of what the files say of it.
  digest text not null,
  -- Of what an apply is about to make of it: one that was cut short is no change made elsewhere.
  next_digest text,
  -- Where the values of secret options are looked up, by the path of the option. Never a value.
  secret_references jsonb not null default '{}',
  applied_by text not null,
  applied_at timestamptz not null default dispatch.now(),
  primary key (workspace_id, kind, resource_id)
);
