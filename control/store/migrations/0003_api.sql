-- What the HTTP API needs beside the tables of runs.

alter table groups add column version integer not null default 1;

-- Answers to requests that carry an Idempotency-Key. Neither the key nor the request is kept: only what tells whether
-- they are the same again.
create table idempotency (
  key_hash text primary key,
  request_mac text not null,
  -- null while the first request with the key is being served
  status integer,
  answer text,
  locked_until timestamptz not null,
  created_at timestamptz not null default dispatch.now()
);
create index idempotency_age on idempotency (created_at);

-- Lists of runs by state: the states that are looked for are the rare ones.
create index run_of_state on run (workspace_id, state, created_at desc, id desc);
create index connection_by_change on connection (workspace_id, updated_at desc, id desc);
create index definition_by_change on definition (workspace_id, kind, updated_at desc, id desc);
create index token_of_workspace on token (workspace_id, created_at desc, id desc);
