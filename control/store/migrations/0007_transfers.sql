-- Transfers as people work with them: their configs as YAML, labels, search, and transfers made for many tables.

alter table revision
  -- The text that the config was given as, with its comments; null where it was given as JSON.
  add column yaml text,
  add column yaml_dialect text check (yaml_dialect in ('0.11.5', '0.11.3')),
  add check ((yaml is null) = (yaml_dialect is null));

alter table definition
  -- Texts of the current revision, for searches; nothing that may be secret.
  add column search_text text not null default '',
  -- Who changed it last; empty: its first author.
  add column updated_by text not null default '';

create table label (
  id text primary key,
  workspace_id text not null references workspace (id),
  name text not null,
  colour text not null,
  description text not null default '',
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  unique (workspace_id, name)
);

create table definition_label (
  definition_id text not null references definition (id) on delete cascade,
  label_id text not null references label (id) on delete cascade,
  primary key (definition_id, label_id)
);
create index on definition_label (label_id);

-- One for many tables: it makes a transfer for each, and keeps them as it says.
create table managed_transfer (
  id text primary key,
  workspace_id text not null references workspace (id),
  group_id text references groups (id),
  name text not null,
  description text not null default '',
  connection_id text not null references connection (id),
  -- The container whose tables it is for: names from the top.
  path jsonb not null default '[]',
  include jsonb not null default '["*"]',
  exclude jsonb not null default '[]',
  name_prefix text not null default '',
  -- Of each transfer, with `{{ table }}` in place of the table.
  config jsonb not null,
  run_options jsonb not null default '{}',
  refresh_run_id text,
  updated_by text not null,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now(),
  unique (workspace_id, name)
);
create index on managed_transfer (connection_id);

create table managed_label (
  managed_transfer_id text not null references managed_transfer (id) on delete cascade,
  label_id text not null references label (id) on delete cascade,
  primary key (managed_transfer_id, label_id)
);
create index on managed_label (label_id);

create table managed_table (
  managed_transfer_id text not null references managed_transfer (id) on delete cascade,
  -- A hash: names may be longer than an index takes.
  table_key text not null,
  table_name text not null,
  -- null: somebody deleted its transfer
  definition_id text unique references definition (id) on delete set null,
  -- Its own settings stay when the common ones change.
  is_detached boolean not null default false,
  -- `paused`: it was not found any more, and its transfer was switched off for that.
  state text not null default 'active' check (state in ('active', 'paused')),
  paused_at timestamptz,
  created_at timestamptz not null default dispatch.now(),
  primary key (managed_transfer_id, table_key)
);
create index on managed_table (definition_id);

-- What a definition was before each change of it, for whoever changes it on top of an older one.
create table definition_change (
  definition_id text not null references definition (id) on delete cascade,
  -- After the change.
  version integer not null,
  at timestamptz not null default dispatch.now(),
  actor text not null,
  before jsonb not null,
  primary key (definition_id, version)
);
