-- Signing in: passwords, sessions, second factors, one-time links, and providers of OpenID Connect. Whatever somebody
-- shows to be let in is here as a hash; what must be read again is in an envelope.

create table password (
  user_id text primary key references users (id) on delete cascade,
  -- PHC format: it says what it was made with.
  hash text not null,
  changed_at timestamptz not null default dispatch.now()
);

create table session (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  hash text not null unique,
  -- The second factor is outstanding: it is good for that alone.
  is_pending boolean not null default false,
  -- Codes that were tried with it while it was pending.
  code_tries integer not null default 0,
  method text not null check (method in ('password', 'link', 'provider')),
  address text not null,
  device text not null,
  created_at timestamptz not null default dispatch.now(),
  seen_at timestamptz not null default dispatch.now(),
  expires_at timestamptz not null
);
create index session_of_user on session (user_id);
create index session_expiry on session (expires_at);

create table one_time_link (
  id text primary key,
  kind text not null check (kind in ('setup', 'invitation', 'reset')),
  hash text not null unique,
  -- Whose password is set anew.
  user_id text references users (id) on delete cascade,
  -- Who is invited, where, as what, and into which teams.
  email text,
  workspace_id text references workspace (id) on delete cascade,
  role text,
  team_ids jsonb not null default '[]',
  created_by text not null,
  created_at timestamptz not null default dispatch.now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  check ((kind = 'reset') = (user_id is not null)),
  check ((kind = 'invitation') = (email is not null and workspace_id is not null and role is not null))
);
-- Somebody is invited into a workspace once at a time.
create unique index one_time_link_open_invitation on one_time_link (workspace_id, email)
  where kind = 'invitation' and used_at is null and revoked_at is null;
create index one_time_link_of_user on one_time_link (user_id) where user_id is not null;

create table second_factor (
  user_id text primary key references users (id) on delete cascade,
  -- An envelope of the TOTP secret.
  secret text not null,
  -- null: a first code from the telephone is outstanding, until then it is not asked for.
  confirmed_at timestamptz,
  -- Of the last code that was used: each is good once.
  last_step integer not null default 0,
  created_at timestamptz not null default dispatch.now()
);

create table recovery_code (
  user_id text not null references users (id) on delete cascade,
  hash text not null,
  used_at timestamptz,
  primary key (user_id, hash)
);

create table sign_in_provider (
  id text primary key,
  name text not null unique,
  issuer text not null,
  client_id text not null,
  -- An envelope; null: a client without a secret.
  client_secret text,
  scopes text not null,
  -- Whose addresses it may vouch for.
  email_domains jsonb not null default '[]',
  -- What who comes new becomes, and where; null: only who was invited may come.
  new_role text,
  new_workspace_id text references workspace (id) on delete set null,
  is_enabled boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  updated_at timestamptz not null default dispatch.now()
);

create table sign_in_identity (
  issuer text not null,
  subject text not null,
  user_id text not null references users (id) on delete cascade,
  created_at timestamptz not null default dispatch.now(),
  used_at timestamptz not null default dispatch.now(),
  primary key (issuer, subject)
);
create index sign_in_identity_of_user on sign_in_identity (user_id);

-- Who has been sent to a provider, and is to come back in the same browser.
create table sign_in_flow (
  state_hash text primary key,
  provider_id text not null references sign_in_provider (id) on delete cascade,
  -- Of the cookie that was set.
  browser_hash text not null,
  -- An envelope of the nonce and the verifier.
  secrets text not null,
  expires_at timestamptz not null
);
create index sign_in_flow_expiry on sign_in_flow (expires_at);

-- How often somebody failed, by hashes of addresses and accounts.
create table sign_in_throttle (
  key text primary key,
  count integer not null,
  last_at timestamptz not null,
  wait_until timestamptz not null
);
create index sign_in_throttle_last on sign_in_throttle (last_at);

-- Absent: what is said in the code.
create table sign_in_policy (
  is_only boolean primary key default true check (is_only),
  requires_second_factor boolean not null,
  idle_minutes integer not null check (idle_minutes between 5 and 43200),
  session_hours integer not null check (session_hours between 1 and 8760),
  version integer not null default 1
);

alter table workspace add column requires_second_factor boolean not null default false;
