-- What tells this installation from others: part of the names and tokens of what it starts.
create table installation (
  is_only boolean primary key default true check (is_only),
  id text not null,
  created_at timestamptz not null default dispatch.now()
);

-- The keys that secrets are or were encrypted under, by their fingerprints: a process that has none of them is one with
-- the wrong key, and must not begin with another.
create table secret_key (
  id text primary key,
  added_at timestamptz not null default dispatch.now()
);
