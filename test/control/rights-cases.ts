/** How each endpoint is asked in the matrix of rights: such that whoever may is served, and nothing that others need goes. */
import { sql } from 'kysely';
import type { EndpointId } from '#api/contract.ts';
import type { Role } from '#api/endpoint.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import type { Target } from './rights-world.ts';

export interface RightsCase {
  readonly params?: (target: Target) => Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: (target: Target) => unknown;
  /** What an earlier request may have taken away. */
  readonly restore?: (db: Store['db'], target: Target) => Promise<unknown>;
  /** What a list shows, of a target. */
  readonly listed?: (target: Target) => string;
  /** The target is a group that the body names, not a resource in the path. */
  readonly isCreation?: boolean;
  /** What the path names is a member of no group, but of the workspace; or of the installation. */
  readonly names?: 'installation';
  /** What a 422 says that only somebody is told who was let through. */
  readonly saysLater?: string;
  /** What is asked about does not exist: whoever is let through is told so. */
  readonly isNotThere?: boolean;
  /** What the body names is looked at by the handler, which asks for this role in its group. */
  readonly handlerAsks?: Role;
}

let count = 0;
const fresh = (): string => `made ${(count += 1)}`;
const config = { in: { type: 'file', path_prefix: '/tmp/x' }, out: { type: 'stdout' } };

const ofConnection = { params: ({ connection }: Target) => ({ id: connection }) };
const ofTransfer = { params: ({ transfer }: Target) => ({ id: transfer }) };
const ofRevision = { params: ({ transfer }: Target) => ({ id: transfer, no: 1 }) };
const ofManaged = { params: ({ managed }: Target) => ({ id: managed }) };
const ofLabel = { params: ({ label }: Target) => ({ id: label }) };
const ofSchedule = { params: ({ schedule }: Target) => ({ id: schedule }) };
const ofBackfill = { params: ({ backfill }: Target) => ({ id: backfill }) };
const ofDestination = { params: ({ destination }: Target) => ({ id: destination }) };
const ofRule = { params: ({ rule }: Target) => ({ id: rule }) };
const ofDelivery = { params: ({ delivery }: Target) => ({ id: delivery }) };
const daily = { kind: 'daily', time: '02:30' };
const mailServer = { host: '127.0.0.1', port: 1, security: 'none', from: 'a@example.com' };
const ofRun = { params: ({ run }: Target) => ({ id: run }) };
const ofMember = { params: ({ member }: Target) => ({ id: member }) };
const ofTeam = { params: ({ team }: Target) => ({ id: team }) };
const ofTeamMember = { params: ({ team, member }: Target) => ({ id: team, userId: member }) };
/** Of what has no group there is none: then one that does not exist. */
const ofGroup = { params: ({ groupId }: Target) => ({ id: groupId ?? newId() }) };
const ofGrant = {
  params: ({ groupId, member }: Target) => ({ id: groupId ?? newId(), kind: 'user', granteeId: member }),
};
const ofWorkspaceLimit = {
  params: ({ workspaceId }: Target) => ({ scopeKind: 'workspace', scopeId: workspaceId }),
};
const setLimit = (db: Store['db'], { workspaceId }: Target): Promise<unknown> =>
  sql`insert into seat_limit (scope_kind, scope_id, seats, label) values ('workspace', ${workspaceId}, 5, 'x')
    on conflict do nothing`.execute(db);
const empty = (): object => ({});
const created = (more: object) => (target: Target) => ({ name: fresh(), groupId: target.groupId, ...more });

export const rightsCases: Readonly<Record<EndpointId, RightsCase>> = {
  'system.health': {},
  'system.ready': {},
  'system.version': {},
  'system.openapi': {},
  'workspace.get': {},
  'groups.list': { listed: ({ groupId }) => groupId ?? '' },
  'groups.create': { body: () => ({ name: fresh() }) },
  'groups.get': ofGroup,
  'groups.update': { ...ofGroup, body: empty },
  'groups.delete': ofGroup,
  'connections.list': { listed: ({ connection }) => connection },
  'connections.create': { isCreation: true, body: created({ plugin: 'file', options: { path_prefix: '/tmp/x' } }) },
  'connections.get': ofConnection,
  'connections.update': { ...ofConnection, body: empty },
  'connections.delete': ofConnection,
  'connections.users': ofConnection,
  'connections.test': { ...ofConnection, body: empty },
  'connections.browse': { ...ofConnection, body: empty },
  'transfers.list': { listed: ({ transfer }) => transfer },
  'transfers.create': { isCreation: true, body: created({ config }) },
  'transfers.get': ofTransfer,
  'transfers.update': { ...ofTransfer, body: empty },
  'transfers.delete': ofTransfer,
  'transfers.revisions': ofTransfer,
  'transfers.revision': ofRevision,
  'transfers.restore': { ...ofRevision, body: empty },
  'transfers.guess': { ...ofTransfer, body: empty },
  'transfers.preview': { ...ofTransfer, body: empty },
  'transfers.guessConfig': { isCreation: true, body: ({ groupId }) => ({ groupId, config }) },
  'transfers.previewConfig': { isCreation: true, body: ({ groupId }) => ({ groupId, config }) },
  'transfers.run': { ...ofTransfer, body: empty },
  'transfers.bulk': { body: ({ transfer }) => ({ ids: [transfer], action: { kind: 'enable' } }) },
  'transfers.convert': { body: () => ({ config }) },
  'transfers.copy': { ...ofTransfer, body: () => ({ name: fresh() }) },
  'transfers.diff': { ...ofTransfer, query: { from: '1' } },
  'managedTransfers.list': { listed: ({ managed }) => managed },
  'managedTransfers.create': {
    isCreation: true,
    body: (target) => ({ name: fresh(), groupId: target.groupId, connectionId: target.connection, config }),
    saysLater: 'there is no such connection',
  },
  'managedTransfers.get': ofManaged,
  'managedTransfers.update': { ...ofManaged, body: empty },
  'managedTransfers.delete': ofManaged,
  'managedTransfers.refresh': ofManaged,
  'managedTransfers.changes': ofManaged,
  'managedTransfers.apply': { ...ofManaged, body: () => ({ runId: newId() }) },
  'managedTransfers.tables': ofManaged,
  'managedTransfers.detach': {
    ...ofManaged,
    body: ({ transfer }) => ({ transferIds: [transfer], isDetached: true }),
    saysLater: 'it has no such transfer',
  },
  'labels.list': {},
  'labels.create': { body: () => ({ name: fresh() }) },
  'labels.get': ofLabel,
  'labels.update': { ...ofLabel, body: empty },
  'labels.delete': {
    ...ofLabel,
    restore: (db, { label, workspaceId }) =>
      sql`insert into label (id, workspace_id, name, colour) values (${label}, ${workspaceId}, ${label}, '#868e96')
        on conflict do nothing`.execute(db),
  },
  'variables.preview': { ...ofTransfer, body: empty },
  'variables.previewConfig': { isCreation: true, body: ({ groupId }) => ({ groupId, config }) },
  'schedules.list': { listed: ({ schedule }) => schedule },
  'schedules.create': {
    handlerAsks: 'editor',
    body: ({ transfer }) => ({ definitionId: transfer, pattern: daily, isEnabled: false }),
  },
  'schedules.createMany': {
    body: ({ transfer }) => ({ definitionIds: [transfer], schedule: { pattern: daily, isEnabled: false } }),
  },
  'schedules.switch': { body: ({ schedule }) => ({ ids: [schedule], isEnabled: false }) },
  'schedules.deleteMany': { body: () => ({ ids: [newId()] }) },
  'schedules.firingsOf': { body: () => ({ pattern: daily }) },
  'schedules.history': {},
  'schedules.policy': {},
  'schedules.setPolicy': { body: () => ({ switchesOff: true, failuresMin: 5, failingDaysMin: 1 }) },
  'schedules.get': ofSchedule,
  'schedules.update': { ...ofSchedule, body: empty },
  'schedules.delete': ofSchedule,
  'schedules.firings': ofSchedule,
  'schedules.calendar': {
    ...ofSchedule,
    query: { from: '2026-11-01T00:00:00Z', until: '2026-11-02T00:00:00Z' },
  },
  'backfills.create': {
    ...ofSchedule,
    body: () => ({ from: '2026-11-01T00:00:00Z', until: '2026-11-02T00:00:00Z' }),
  },
  'backfills.list': {},
  'backfills.get': ofBackfill,
  'backfills.slots': ofBackfill,
  'backfills.pause': ofBackfill,
  'backfills.resume': ofBackfill,
  'backfills.cancel': { ...ofBackfill, body: empty },
  'destinations.list': {},
  'destinations.create': {
    body: () => ({ name: fresh(), kind: 'http', options: { url: 'https://example.com/' } }),
  },
  'destinations.get': ofDestination,
  'destinations.update': { ...ofDestination, body: empty },
  'destinations.delete': ofDestination,
  'destinations.test': { ...ofDestination, body: empty },
  'destinations.ask': ofDestination,
  'destinations.confirm': { body: () => ({ token: 'x' }), isNotThere: true },
  'noticeRules.list': {},
  'noticeRules.create': {
    handlerAsks: 'editor',
    body: ({ transfer, destination }) => ({
      ...{ name: fresh(), scope: 'transfer', scopeId: transfer, destinationId: destination, event: 'run_failed' },
    }),
  },
  // Everybody may ask: who has no role in the group of the rule does not see it.
  'noticeRules.get': { ...ofRule, handlerAsks: 'viewer' },
  'noticeRules.update': { ...ofRule, body: empty },
  'noticeRules.delete': ofRule,
  'noticeRules.switchOff': {
    ...ofRule,
    handlerAsks: 'editor',
    body: ({ transfer }) => ({ scope: 'transfer', scopeId: transfer, isOff: false }),
    saysLater: 'it is not below the rule',
  },
  'noticeRules.templates': {},
  'deliveries.list': { listed: ({ delivery }) => delivery },
  'deliveries.get': ofDelivery,
  'deliveries.resend': ofDelivery,
  'smtp.get': { isNotThere: true },
  'smtp.put': { body: () => mailServer },
  'smtp.delete': { isNotThere: true },
  'runs.configDiff': ofRun,
  'runs.list': { listed: ({ run }) => run, query: { state: 'SUCCEEDED' } },
  'runs.watchMany': {},
  'runs.cancelMany': { body: ({ run }) => ({ ids: [run] }) },
  'runs.get': ofRun,
  'runs.history': ofRun,
  'runs.watch': ofRun,
  'runs.attempts': ofRun,
  'runs.logs': ofRun,
  'runs.logText': ofRun,
  'runs.logEvents': ofRun,
  'runs.cancel': { ...ofRun, body: empty },
  'runs.retry': {
    ...ofRun,
    restore: (db, { run }) =>
      sql`insert into run_work (run_id, work) select ${run}, ${frozenWork} where exists (select from run where id = ${run})
        on conflict do nothing`.execute(db),
  },
  'limits.list': {},
  'limits.get': { ...ofWorkspaceLimit, restore: setLimit },
  'limits.put': { ...ofWorkspaceLimit, body: () => ({ seats: 5 }) },
  'limits.delete': { ...ofWorkspaceLimit, restore: setLimit },
  'tokens.list': { listed: ({ token }) => token },
  'tokens.create': { isCreation: true, body: created({ role: 'viewer' }) },
  'tokens.createOwn': { body: () => ({ name: fresh(), role: 'viewer' }) },
  'tokens.revoke': { params: ({ token }) => ({ id: token }) },
  'users.me': {},
  'users.list': {},
  'users.get': { ...ofMember, names: 'installation' },
  'users.update': { ...ofMember, names: 'installation', body: empty },
  'workspaces.list': {},
  'workspaces.create': { body: () => ({ name: fresh() }) },
  'workspaces.get': { params: ({ workspaceId }) => ({ id: workspaceId }), names: 'installation' },
  'workspaces.update': {
    params: ({ workspaceId }) => ({ id: workspaceId }),
    names: 'installation',
    body: empty,
  },
  'workspaces.putMember': {
    params: ({ workspaceId, member }) => ({ id: workspaceId, userId: member }),
    names: 'installation',
    body: () => ({ role: 'member' }),
  },
  'members.list': {},
  'members.get': ofMember,
  'members.update': { ...ofMember, body: empty },
  'members.remove': ofMember,
  'teams.list': {},
  'teams.create': { body: () => ({ name: fresh() }) },
  'teams.get': ofTeam,
  'teams.update': { ...ofTeam, body: empty },
  'teams.delete': ofTeam,
  'teams.members': ofTeam,
  'teams.putMember': { ...ofTeamMember, body: empty },
  'teams.removeMember': {
    ...ofTeamMember,
    restore: (db, { team, workspaceId, member }) =>
      sql`insert into team_member (team_id, workspace_id, user_id) values (${team}, ${workspaceId}, ${member})
        on conflict do nothing`.execute(db),
  },
  'grants.list': ofGroup,
  'grants.put': { ...ofGrant, body: () => ({ role: 'viewer' }) },
  'grants.delete': {
    ...ofGrant,
    restore: async (db, { groupId, workspaceId, member }) =>
      groupId !== null &&
      (await sql`insert into group_role (id, workspace_id, group_id, user_id, role)
        values (${newId()}, ${workspaceId}, ${groupId}, ${member}, 'viewer') on conflict do nothing`.execute(db)),
  },
  'audit.list': {},
  'audit.csv': {},
  'audit.ndjson': {},
  'audit.installation': {},
};

/** Of a run that may be run again. */
const frozenWork = JSON.stringify({
  kind: 'transfer',
  config,
  connections: {},
  variables: {},
  arguments: {},
  transaction_time: '2026-11-30T12:00:00.000000Z',
  run_timeout_s: 60,
  memory_mb: 1024,
  cpu_millis: 1000,
  commit_mode: 'permit',
  workspace_id: 'x',
});
