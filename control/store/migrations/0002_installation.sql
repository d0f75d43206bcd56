-- What tells this installation from others: part of the names and tokens of what it starts.
create table installation (
  is_only boolean primary key default true check (is_only),
  id text not null,
  created_at timestamptz not null default dispatch.now()
);
