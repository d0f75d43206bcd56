/** How each endpoint is asked in the matrix of rights: such that whoever may is served, and nothing that others need goes. */
import { sql } from 'kysely';
import type { EndpointId } from '#api/contract.ts';
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
  /** The body names something of the target's workspace: nobody else is asked to create it where he is. */
  readonly isOfWorkspace?: boolean;
  /** What the path names is a member of no group, but of the workspace; or of the installation. */
  readonly names?: 'installation';
  /** What a 422 says that only somebody is told who was let through. */
  readonly saysLater?: string;
  /** What who may gets: a request that asks for a session, or for something that is not there, is told so. */
  readonly always?: 'refused' | 'hidden';
}

let count = 0;
const fresh = (): string => `made ${(count += 1)}`;
const config = { in: { type: 'file', path_prefix: '/tmp/x' }, out: { type: 'stdout' } };

const smtp = { host: 'h', port: 25, security: 'none', user: null, from: 'a@example.com', fromName: 'R' };
const hook = { kind: 'slack', options: { webhookUrl: 'https://hooks.example.com/x' } };

const ofConnection = { params: ({ connection }: Target) => ({ id: connection }) };
const ofTransfer = { params: ({ transfer }: Target) => ({ id: transfer }) };
const ofRevision = { params: ({ transfer }: Target) => ({ id: transfer, no: 1 }) };
const ofManaged = { params: ({ managed }: Target) => ({ id: managed }) };
const ofLabel = { params: ({ label }: Target) => ({ id: label }) };
const ofRun = { params: ({ run }: Target) => ({ id: run }) };
const ofSchedule = { params: ({ schedule }: Target) => ({ id: schedule }) };
const ofBackfill = { params: ({ backfill }: Target) => ({ id: backfill }) };
const hourly = { pattern: { kind: 'hourly', minute: 0 } };
const day = { from: '2026-11-29T00:00:00Z', until: '2026-11-30T00:00:00Z' };
const ofMember = { params: ({ member }: Target) => ({ id: member }) };
const ofTeam = { params: ({ team }: Target) => ({ id: team }) };
const ofTeamMember = { params: ({ team, member }: Target) => ({ id: team, userId: member }) };
/** Of what has no group there is none: then one that does not exist. */
const ofGroup = { params: ({ groupId }: Target) => ({ id: groupId ?? newId() }) };
const ofGrant = {
  params: ({ groupId, member }: Target) => ({ id: groupId ?? newId(), kind: 'user', granteeId: member }),
};
const ofDestination = { params: ({ destination }: Target) => ({ id: destination }) };
const ofRule = { params: ({ rule }: Target) => ({ id: rule }) };
const ofDelivery = { params: ({ delivery }: Target) => ({ id: delivery }) };
const ofSmtp = {
  restore: (db: Store['db']): Promise<unknown> =>
    sql`insert into smtp_server (config) values (${JSON.stringify(smtp)}::jsonb) on conflict do nothing`.execute(db),
};
const ofWorkspaceLimit = {
  params: ({ workspaceId }: Target) => ({ scopeKind: 'workspace', scopeId: workspaceId }),
};
const setLimit = (db: Store['db'], { workspaceId }: Target): Promise<unknown> =>
  sql`insert into seat_limit (scope_kind, scope_id, seats, label) values ('workspace', ${workspaceId}, 5, 'x')
    on conflict do nothing`.execute(db);
const empty = (): object => ({});
/** A token may not change how its person signs in. */
const ofCode = { body: (): object => ({ code: '000000' }), always: 'refused' } as const;
const ofAccount = { ...ofMember, names: 'installation' } as const;
/** Named like the member, so that there is one of each place. */
const ofProvider: RightsCase = {
  ...ofAccount,
  restore: (db, { member }) =>
    sql`insert into sign_in_provider (id, name, issuer, client_id, scopes)
      values (${member}, ${member}, 'https://provider.example', 'c', 'openid') on conflict do nothing`.execute(db),
};
const ofInvitation: RightsCase = {
  ...ofMember,
  restore: (db, { member, workspaceId }) =>
    sql`insert into one_time_link (id, kind, hash, email, workspace_id, role, created_by, expires_at)
      values (${member}, 'invitation', ${member}, ${`${member}@good.example`}, ${workspaceId}, 'viewer', 'test',
        dispatch.now() + interval '1 day')
      on conflict (id) do update set revoked_at = null`.execute(db),
};
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
  'variables.preview': { ...ofTransfer, body: empty },
  'variables.previewConfig': { isCreation: true, body: ({ groupId }) => ({ groupId, config }) },
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
  'schedules.list': { listed: ({ schedule }) => schedule },
  'schedules.create': { ...ofTransfer, body: () => hourly },
  'schedules.createMany': { body: ({ transfer }) => ({ definitionIds: [transfer], schedule: hourly }) },
  'schedules.switch': { body: ({ schedule }) => ({ ids: [schedule], isEnabled: true }) },
  // Nobody but the first would find them.
  'schedules.deleteMany': { body: () => ({ ids: [newId()] }) },
  'schedules.firingsOf': { body: () => hourly },
  'schedules.history': {},
  'schedules.policy': {},
  'schedules.setPolicy': { body: () => ({ switchesOff: true, failuresMin: 50, failingDaysMin: 14 }) },
  'schedules.get': ofSchedule,
  'schedules.update': { ...ofSchedule, body: empty },
  'schedules.delete': ofSchedule,
  'schedules.firings': ofSchedule,
  'schedules.calendar': { ...ofSchedule, query: day },
  'backfills.create': { ...ofSchedule, body: () => day },
  'backfills.list': { listed: ({ backfill }) => backfill },
  'backfills.get': ofBackfill,
  'backfills.slots': ofBackfill,
  'backfills.pause': ofBackfill,
  'backfills.resume': ofBackfill,
  'backfills.cancel': { ...ofBackfill, body: empty },
  'applied.list': {},
  'applied.put': {
    params: ({ transfer }) => ({ kind: 'transfer', id: transfer }),
    body: () => ({ version: 1, digest: '0'.repeat(64) }),
  },
  'limits.list': {},
  'limits.get': { ...ofWorkspaceLimit, restore: setLimit },
  'limits.put': { ...ofWorkspaceLimit, body: () => ({ seats: 5 }) },
  'limits.delete': { ...ofWorkspaceLimit, restore: setLimit },
  'tokens.list': { listed: ({ token }) => token },
  'tokens.create': { isCreation: true, body: created({ role: 'viewer' }) },
  'tokens.createOwn': { body: () => ({ name: fresh(), role: 'viewer' }) },
  'tokens.revoke': { params: ({ token }) => ({ id: token }) },
  'signIn.options': {},
  'signIn.password': {},
  'signIn.code': {},
  'signIn.start': { params: () => ({ id: newId() }), always: 'hidden' },
  'signIn.finish': {},
  'signIn.end': {},
  'links.look': {},
  'links.use': {},
  'links.setup': {},
  'signInPolicy.get': {},
  'signInPolicy.update': { body: empty },
  'workspaceSignIn.get': {},
  'workspaceSignIn.update': { body: () => ({ requiresSecondFactor: false }) },
  'signInProviders.list': {},
  'signInProviders.create': {
    body: () => ({
      name: fresh(),
      issuer: 'https://provider.example',
      clientId: 'c',
      emailDomains: ['good.example'],
    }),
  },
  'signInProviders.get': ofProvider,
  'signInProviders.update': { ...ofProvider, body: empty },
  'signInProviders.delete': ofProvider,
  'sessions.list': {},
  'sessions.end': { params: () => ({ id: newId() }), always: 'refused' },
  'sessions.endOthers': { always: 'refused' },
  'password.change': { body: () => ({ password: 'a heron over the lake' }), always: 'refused' },
  'secondFactor.get': {},
  'secondFactor.start': { always: 'refused' },
  'secondFactor.confirm': ofCode,
  'secondFactor.renewCodes': ofCode,
  'secondFactor.end': ofCode,
  'accounts.resetLink': ofAccount,
  'accounts.endSecondFactor': ofAccount,
  'accounts.sessions': ofAccount,
  'accounts.endSessions': ofAccount,
  'invitations.list': {},
  'invitations.create': { body: () => ({ email: `${newId()}@good.example`, role: 'viewer' }) },
  'invitations.resend': ofInvitation,
  'invitations.revoke': ofInvitation,
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
  'destinations.list': {},
  'destinations.create': { body: () => ({ name: fresh(), ...hook }) },
  'destinations.get': ofDestination,
  'destinations.update': { ...ofDestination, body: empty },
  'destinations.delete': ofDestination,
  'destinations.test': { ...ofDestination, body: empty },
  'destinations.ask': ofDestination,
  'destinations.confirm': { body: () => ({ token: 'x' }) },
  'noticeRules.list': {},
  'noticeRules.create': {
    isCreation: true,
    isOfWorkspace: true,
    body: ({ groupId, destination }) => ({
      ...{ name: fresh(), scope: groupId === null ? 'workspace' : 'group', scopeId: groupId },
      ...{ destinationId: destination, event: 'run_failed' },
    }),
  },
  'noticeRules.get': ofRule,
  'noticeRules.update': { ...ofRule, body: empty },
  'noticeRules.delete': ofRule,
  'noticeRules.switchForTransfer': {
    params: ({ transfer, ruleOfWorkspace }) => ({ id: transfer, ruleId: ruleOfWorkspace }),
    body: () => ({ isOff: true }),
  },
  'noticeRules.switchForGroup': {
    params: ({ groupId, ruleOfWorkspace }) => ({ id: groupId ?? newId(), ruleId: ruleOfWorkspace }),
    body: () => ({ isOff: true }),
  },
  'noticeRules.templates': {},
  'deliveries.list': { listed: ({ delivery }) => delivery },
  'deliveries.get': ofDelivery,
  'deliveries.resend': ofDelivery,
  'smtp.get': ofSmtp,
  'smtp.put': { ...ofSmtp, body: () => smtp },
  'smtp.delete': ofSmtp,
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
