-- People, what they may do, and what was done.

create table users (
  id text primary key,
  email text not null unique check (email = lower(email)),
  name text not null,
  administers_installation boolean not null default false,
  -- Is let in no more.
  disabled_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now()
);

-- Who belongs to a workspace. The role holds in each of its groups and for what has no group; a `member` has what groups
-- give, and nothing else.
create table member (
  workspace_id text not null references workspace (id),
  user_id text not null references users (id),
  role text not null check (role in ('administrator', 'editor', 'operator', 'viewer', 'member')),
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  primary key (workspace_id, user_id)
);
create index on member (user_id);

create table team (
  id text primary key,
  workspace_id text not null references workspace (id),
  name text not null,
  version integer not null default 1,
  created_at timestamptz not null default dispatch.now(),
  unique (workspace_id, name),
  unique (workspace_id, id)
);

-- References go by the workspace too: nothing of one workspace can be tied to another.
create table team_member (
  team_id text not null,
  workspace_id text not null,
  user_id text not null,
  -- May add and remove members.
  is_administrator boolean not null default false,
  created_at timestamptz not null default dispatch.now(),
  primary key (team_id, user_id),
  foreign key (workspace_id, team_id) references team (workspace_id, id) on delete cascade,
  foreign key (workspace_id, user_id) references member (workspace_id, user_id) on delete cascade
);
create index on team_member (workspace_id, user_id);

alter table groups add unique (workspace_id, id);

-- What somebody, or a team, may do in a group.
create table group_role (
  id text primary key,
  workspace_id text not null,
  group_id text not null,
  team_id text,
  user_id text,
  role text not null check (role in ('administrator', 'editor', 'operator', 'viewer')),
  created_at timestamptz not null default dispatch.now(),
  check ((team_id is null) <> (user_id is null)),
  unique (group_id, team_id),
  unique (group_id, user_id),
  foreign key (workspace_id, group_id) references groups (workspace_id, id) on delete cascade,
  foreign key (workspace_id, team_id) references team (workspace_id, id) on delete cascade,
  foreign key (workspace_id, user_id) references member (workspace_id, user_id) on delete cascade
);
create index on group_role (workspace_id, team_id);
create index on group_role (workspace_id, user_id);

-- Of a person, who may not do more by it than its role; or of a service, which may do what the role says, in the
-- workspace or in one group.
alter table token
  add column user_id text references users (id),
  add column group_id text references groups (id) on delete cascade,
  add column role text not null default 'administrator' check (role in ('administrator', 'editor', 'operator', 'viewer')),
  add column administers_installation boolean not null default false,
  add column created_by text,
  add check (user_id is null or (group_id is null and not administers_installation));
create index on token (user_id);
create index on token (group_id);
-- As it was so far: where there is one workspace, its tokens administer the installation.
update token set administers_installation = true where (select count(*) from workspace) = 1;

alter table workspace add column version integer not null default 1;

-- What was done, by whom, to what, and how it ended. Refers to nothing by keys: it outlasts what it tells of.
create table audit_event (
  id text primary key,
  -- null: of the installation
  workspace_id text,
  at timestamptz not null default dispatch.now(),
  actor text not null,
  user_id text,
  token_id text,
  -- The id of the endpoint, or another word for what a machine did.
  action text not null,
  resource_kind text,
  resource_id text,
  resource_name text,
  group_id text,
  -- Names of fields, never values.
  fields jsonb not null default '[]',
  -- `begun`: how it ended is not known, or not yet.
  outcome text not null check (outcome in ('begun', 'succeeded', 'refused', 'failed')),
  code text,
  detail jsonb not null default '{}',
  request_id text,
  ended_at timestamptz
);
create index audit_by_time on audit_event (workspace_id, at desc, id desc);
create index audit_by_resource on audit_event (workspace_id, resource_id, at desc, id desc);
create index audit_by_actor on audit_event (workspace_id, actor, at desc, id desc);
create index audit_age on audit_event (at);

-- Lists of runs for those who may see some groups.
create index run_of_group on run (group_id, created_at desc, id desc) where group_id is not null;
