/**
 * What the matrix of rights is asked about: two workspaces with the same things in each of three places (a group,
 * another group, no group), and people, teams and tokens with every role that there is.
 */
import { sql } from 'kysely';
import type { Role, WorkspaceRole } from '#api/endpoint.ts';
import { createToken } from '#control/auth/tokens.ts';
import { newId } from '#control/store/ids.ts';
import { json } from '#control/store/values.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { addMember, addToTeam, giveRoleTo, newGroup, newTeam, newUser, tokenOfUser } from '#test/kit/people.ts';

export type PlaceName = 'own group' | 'other group' | 'no group' | 'other workspace';

/** Things of one place. */
export interface Target {
  readonly place: PlaceName;
  readonly workspaceId: string;
  readonly groupId: string | null;
  readonly connection: string;
  readonly transfer: string;
  readonly run: string;
  readonly managed: string;
  readonly token: string;
  /** Of the workspace. */
  readonly team: string;
  readonly member: string;
  readonly label: string;
  readonly schedule: string;
  readonly backfill: string;
  readonly destination: string;
  readonly rule: string;
  readonly delivery: string;
}

/** What somebody has been given, as the test itself says it. */
export interface Person {
  readonly title: string;
  readonly token: string | undefined;
  readonly isPerson: boolean;
  /** The workspace that he belongs to. */
  readonly workspace: 'own' | 'other' | undefined;
  readonly role: Role | undefined;
  readonly inOwnGroup: Role | undefined;
  readonly administersTeam: boolean;
  readonly administersInstallation: boolean;
}

export interface World {
  readonly targets: readonly Target[];
  readonly people: readonly Person[];
}

export async function makeWorld(api: ControlApi): Promise<World> {
  const { own, other } = api;
  const ownGroup = await newGroup(api.store.db, own.workspaceId, 'own group');
  const otherGroup = await newGroup(api.store.db, own.workspaceId, 'other group');
  const foreignGroup = await newGroup(api.store.db, other.workspaceId, 'foreign group');
  const targets = [
    await makeTarget(api, { place: 'own group', workspaceId: own.workspaceId, groupId: ownGroup }),
    await makeTarget(api, { place: 'other group', workspaceId: own.workspaceId, groupId: otherGroup }),
    await makeTarget(api, { place: 'no group', workspaceId: own.workspaceId, groupId: null }),
    await makeTarget(api, { place: 'other workspace', workspaceId: other.workspaceId, groupId: foreignGroup }),
  ];
  // The teams of the places of one workspace may be any: one has an administrator of its own.
  return { targets, people: await makePeople(api, { ownGroup, teamId: targets[0]?.team ?? '' }) };
}

type Place = Pick<Target, 'place' | 'workspaceId' | 'groupId'>;

async function makeTarget({ store: { db } }: ControlApi, place: Place): Promise<Target> {
  const { workspaceId, groupId } = place;
  const [connection, transfer, run, managed, label] = [newId(), newId(), newId(), newId(), newId()];
  const inPlace = { workspace_id: workspaceId, group_id: groupId };
  const options = { config: json({ path_prefix: '/tmp/x' }), account_key: connection };
  await db
    .insertInto('connection')
    .values({ id: connection, ...inPlace, name: `connection ${place.place}`, plugin: 'file', ...options })
    .execute();
  await db
    .insertInto('definition')
    .values({ id: transfer, ...inPlace, kind: 'transfer', name: `transfer ${place.place}` })
    .execute();
  const config = json({ in: { type: 'file', path_prefix: '/tmp/x' }, out: { type: 'stdout' } });
  await db.insertInto('revision').values({ definition_id: transfer, no: 1, config, author: 'test' }).execute();
  const at = '2026-11-30T12:00:00.000000Z';
  await db
    .insertInto('run')
    .values({
      ...{ id: run, ...inPlace, definition_id: transfer, revision: 1, kind: 'transfer', trigger: 'api' },
      ...{ created_by: 'test', state: 'SUCCEEDED', not_before: at, queue_deadline: at, created_at: at, queued_at: at },
      ...{ terminal_at: at, rank: 0, scope_key: '' },
    })
    .execute();
  await db.insertInto('run_scope').values({ run_id: run, scope_kind: 'installation', scope_id: 'all' }).execute();
  await db
    .insertInto('managed_transfer')
    .values({
      ...{ id: managed, ...inPlace, name: `managed ${place.place}`, connection_id: connection, updated_by: 'test' },
      config,
    })
    .execute();
  const labelled = { id: label, workspace_id: workspaceId, name: `label ${place.place}`, colour: '#868e96' };
  await db.insertInto('label').values(labelled).execute();
  const notices = await addNotices(db, inPlace, transfer);
  const schedules = await addSchedule(db, workspaceId, transfer);
  const service = { workspaceId, groupId, name: `service ${place.place}`, expiresAt: null };
  const token = await createToken(db, service);
  const member = await newUser(db, `Member ${place.place}`);
  await addMember(db, workspaceId, member, 'member');
  const team = await newTeam(db, workspaceId, `team ${place.place}`);
  return {
    ...place,
    connection,
    transfer,
    run,
    managed,
    token: token.id,
    team,
    member,
    label,
    ...schedules,
    ...notices,
  };
}

async function addSchedule(
  db: ControlApi['store']['db'],
  workspaceId: string,
  transfer: string,
): Promise<Pick<Target, 'schedule' | 'backfill'>> {
  const [schedule, backfill] = [newId(), newId()];
  await sql`insert into schedule (id, workspace_id, definition_id, cron, is_enabled, tzdata_version)
    values (${schedule}, ${workspaceId}, ${transfer}, '30 2 * * *', false, 'test')`.execute(db);
  await sql`insert into backfill (id, workspace_id, schedule_id, definition_id, from_utc, until_utc, sequence,
      redoes_done, concurrency, slots_total, created_by)
    values (${backfill}, ${workspaceId}, ${schedule}, ${transfer}, '2026-11-01', '2026-11-02', 'oldest_first',
      false, 1, 0, 'test')`.execute(db);
  return { schedule, backfill };
}

async function addNotices(
  db: ControlApi['store']['db'],
  place: { readonly workspace_id: string; readonly group_id: string | null },
  transfer: string,
): Promise<Pick<Target, 'destination' | 'rule' | 'delivery'>> {
  const [destination, rule, delivery] = [newId(), newId(), newId()];
  const { workspace_id: workspaceId, group_id: groupId } = place;
  const config = json({
    url: 'http://127.0.0.1:1/',
    method: 'POST',
    contentType: 'text/plain',
    headers: [],
    params: [],
  });
  await sql`insert into notice_destination (id, workspace_id, name, kind, config)
    values (${destination}, ${workspaceId}, ${destination.slice(1)}, 'http', ${config}::jsonb)`.execute(db);
  await sql`insert into notice_rule (id, workspace_id, definition_id, name, destination_id, event)
    values (${rule}, ${workspaceId}, ${transfer}, 'rule', ${destination}, 'run_failed')`.execute(db);
  await sql`insert into notice_delivery (id, workspace_id, kind, group_id, rule_id, destination_id, destination_name,
      subject, body, state)
    values (${delivery}, ${workspaceId}, 'notice', ${groupId}, ${rule}, ${destination}, 'x', 's', 'b', 'dead')`.execute(
    db,
  );
  return { destination, rule, delivery };
}

const roles = ['viewer', 'operator', 'editor', 'administrator'] as const;

async function makePeople(
  api: ControlApi,
  { ownGroup, teamId }: { readonly ownGroup: string; readonly teamId: string },
): Promise<Person[]> {
  const { store, own, other } = api;
  const { db } = store;
  const nobody: Person = {
    ...{ title: 'nobody', token: undefined, isPerson: false, workspace: undefined, role: undefined },
    ...{ inOwnGroup: undefined, administersTeam: false, administersInstallation: false },
  };
  const person = async (
    title: string,
    role: WorkspaceRole,
    { workspace = 'own', ...given }: Partial<Omit<Person, 'role'>> = {},
  ): Promise<Person & { userId: string }> => {
    const { workspaceId } = workspace === 'own' ? own : other;
    const userId = await newUser(db, title, given.administersInstallation);
    await addMember(db, workspaceId, userId, role);
    const token = await tokenOfUser(db, { workspaceId, userId });
    const ofWorkspace = role === 'member' ? undefined : role;
    return { ...nobody, ...given, title, token, isPerson: true, workspace, role: ofWorkspace, userId };
  };
  const people: Person[] = [nobody, await person('member', 'member')];
  for (const role of roles) {
    people.push(await person(`workspace ${role}`, role));
    const direct = await person(`group ${role}`, 'member', { inOwnGroup: role });
    await giveRoleTo(db, own.workspaceId, { groupId: ownGroup, userId: direct.userId, role });
    const byTeam = await person(`group ${role} by a team`, 'member', { inOwnGroup: role });
    const roleTeam = await newTeam(db, own.workspaceId, `${role}s`);
    await addToTeam(db, own.workspaceId, { teamId: roleTeam, userId: byTeam.userId });
    await giveRoleTo(db, own.workspaceId, { groupId: ownGroup, teamId: roleTeam, role });
    people.push(direct, byTeam);
  }
  const widest = await person('workspace viewer, group editor', 'viewer', { inOwnGroup: 'editor' });
  await giveRoleTo(db, own.workspaceId, { groupId: ownGroup, userId: widest.userId, role: 'editor' });
  const leader = await person('team administrator', 'member', { administersTeam: true });
  await addToTeam(db, own.workspaceId, { teamId, userId: leader.userId, isAdministrator: true });
  people.push(widest, leader, await person('manager', 'member', { administersInstallation: true }));
  people.push(await person('administrator of the other', 'administrator', { workspace: 'other' }));
  const capped = await person('administrator, by a token of viewers', 'administrator');
  const viewing = await tokenOfUser(db, { workspaceId: own.workspaceId, userId: capped.userId, role: 'viewer' });
  people.push({ ...capped, token: viewing, role: 'viewer' });
  const services = [
    { title: 'service, workspace operator', role: 'operator', inOwnGroup: undefined },
    { title: 'service, group editor', role: undefined, inOwnGroup: 'editor' },
  ] as const;
  for (const { title, role, inOwnGroup } of services) {
    const groupId = inOwnGroup === undefined ? null : ownGroup;
    const given = { workspaceId: own.workspaceId, name: title, expiresAt: null, groupId };
    const { token } = await createToken(db, { ...given, role: role ?? inOwnGroup });
    people.push({ ...nobody, title, token, workspace: 'own', role, inOwnGroup });
  }
  return people;
}
