/** What notices are about, as rows: workspaces, transfers, runs that ended or do not; and where they go. */
import { BlockList } from 'node:net';
import { sql } from 'kysely';
import type { RunState } from '#api/resources/run.ts';
import { Notifier } from '#control/notify/notifier.ts';
import type { NotifierParts } from '#control/notify/notifier.ts';
import { noticeSettings } from '#control/notify/settings.ts';
import type { NoticeSettings } from '#control/notify/settings.ts';
import { sealSecret } from '#control/secrets/envelope.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import type { NoticeRuleTable } from '#control/store/notice-tables.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import type { Insertable } from 'kysely';
import type { ControlStore } from './control-store.ts';

type Db = Store['db'];

export const noticeKeys: KeyRing = new KeyRing([new Uint8Array(32).fill(9)]);

/** Of an installation that lets this machine be reached. */
export function localSettings(more: Partial<NoticeSettings> = {}): NoticeSettings {
  const allowed = new BlockList();
  allowed.addSubnet('127.0.0.0', 8, 'ipv4');
  const settings = noticeSettings({ installationId: '01test', environment: {}, release: '0.0.0' });
  return { ...settings, publicUrl: 'https://ropeway.test', allowed, ...more };
}

export function mailThrough(port: number): Pick<NoticeSettings, 'smtp'> {
  const server = { host: '127.0.0.1', port, security: 'none', user: null, password: undefined } as const;
  return { smtp: { ...server, from: 'ropeway@example.com', fromName: 'Ropeway' } };
}

export function notifierOn(store: Pick<Store, 'db' | 'hints'>, more: Partial<NotifierParts> = {}): Notifier {
  const log = { warn: () => undefined, error: () => undefined };
  return new Notifier({ store, keys: noticeKeys, settings: localSettings(), log, ...more });
}

export interface NoticeScene {
  readonly db: Db;
  readonly workspaceId: string;
  readonly groupId: string;
  /** In the group. */
  readonly transferId: string;
}

export async function noticeScene({ db }: Pick<ControlStore, 'db'>): Promise<NoticeScene> {
  const [workspaceId, groupId, transferId] = [newId(), newId(), newId()];
  await db.insertInto('workspace').values({ id: workspaceId, name: 'Sales' }).execute();
  await db.insertInto('groups').values({ id: groupId, workspace_id: workspaceId, name: 'Shop' }).execute();
  await addTransfer(db, { workspaceId, groupId, id: transferId, name: 'orders' });
  return { db, workspaceId, groupId, transferId };
}

export async function addTransfer(
  db: Db,
  {
    workspaceId,
    groupId,
    id = newId(),
    name = id,
  }: { workspaceId: string; groupId: string | null; id?: string; name?: string },
): Promise<string> {
  const row = { id, workspace_id: workspaceId, group_id: groupId, kind: 'transfer', name } as const;
  await db.insertInto('definition').values(row).execute();
  return id;
}

export interface NewRunRow {
  readonly state: RunState;
  readonly transferId?: string;
  readonly groupId?: string | null;
  readonly kind?: 'transfer' | 'test';
  readonly counters?: Readonly<Record<string, number>>;
  readonly failure?: Readonly<Record<string, unknown>>;
  /** Seconds before now. */
  readonly queuedAgoS?: number;
  readonly claimedAgoS?: number;
  readonly idempotencyKey?: string;
  readonly attempts?: number;
}

const terminal: ReadonlySet<RunState> = new Set(['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED']);

/** A run as it is after the transitions; only what notices look at. */
export async function addRun(scene: NoticeScene, run: NewRunRow): Promise<string> {
  const { db, workspaceId } = scene;
  const id = newId();
  const { state, kind = 'transfer', counters = {}, failure, queuedAgoS = 0, claimedAgoS, attempts } = run;
  const ago = (seconds: number) => sql<string>`dispatch.now() - make_interval(secs => ${seconds})`;
  const attemptNo = attempts ?? (claimedAgoS === undefined ? 0 : 1);
  await db
    .insertInto('run')
    .values({
      ...{ id, workspace_id: workspaceId, kind, state, rank: 0, scope_key: '', counters: json(counters) },
      group_id: run.groupId === undefined ? scene.groupId : run.groupId,
      definition_id: run.transferId ?? scene.transferId,
      trigger: run.idempotencyKey === undefined ? 'api' : 'schedule',
      created_by: 'token:test',
      idempotency_key: run.idempotencyKey ?? null,
      attempt_no: attemptNo,
      failure: failure === undefined ? null : json(failure),
      failure_code: failure === undefined ? null : String(failure['code']),
      created_at: ago(queuedAgoS),
      queued_at: ago(queuedAgoS),
      not_before: ago(queuedAgoS),
      queue_deadline: sql<string>`dispatch.now() + interval '1 day'`,
      terminal_at: terminal.has(state) ? sql<string>`dispatch.now()` : null,
    })
    .execute();
  for (let no = 1; no <= attemptNo; no++) {
    const at = ago(claimedAgoS ?? 0);
    await sql`insert into attempt (run_id, no, fence, executor, name, spec_hash, manifest, phase, created_at, claimed_at,
        quiesced_at)
      values (${id}, ${no}, nextval('dispatch.fence'), 'test', ${`${id}-${no}`}, '', '{}', 'CLAIMED', ${at}, ${at},
        ${no < attemptNo ? at : null})`.execute(db);
  }
  return id;
}

export async function endRun({ db }: Pick<NoticeScene, 'db'>, id: string, state: RunState): Promise<void> {
  await sql`update run set state = ${state}, terminal_at = dispatch.now(), version = version + 1
    where id = ${id}`.execute(db);
}

export async function httpDestination(
  { db, workspaceId }: Pick<NoticeScene, 'db' | 'workspaceId'>,
  url: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const id = newId();
  const config = { url, method: 'POST', contentType: 'application/json', headers: [], params: [], ...more };
  const row = { id, workspace_id: workspaceId, name: id, kind: 'http', config: json(config) } as const;
  await db.insertInto('notice_destination').values(row).execute();
  return id;
}

export async function slackDestination({ db, workspaceId }: NoticeScene, webhookUrl: string): Promise<string> {
  const id = newId();
  const secrets = { webhookUrl: sealSecret(noticeKeys, { connectionId: id, path: 'webhookUrl' }, webhookUrl) };
  const row = { id, workspace_id: workspaceId, name: id, kind: 'slack', config: '{}', secrets: json(secrets) } as const;
  await db.insertInto('notice_destination').values(row).execute();
  return id;
}

/** Addresses by whether they are confirmed. */
export async function mailDestination(
  { db, workspaceId }: NoticeScene,
  addresses: Readonly<Record<string, boolean>>,
): Promise<string> {
  const id = newId();
  const row = { id, workspace_id: workspaceId, name: id, kind: 'email', config: '{}' } as const;
  await db.insertInto('notice_destination').values(row).execute();
  for (const [address, isConfirmed] of Object.entries(addresses)) {
    const confirmed = isConfirmed ? sql<string>`dispatch.now()` : null;
    await db
      .insertInto('notice_address')
      .values({ id: newId(), destination_id: id, address, confirmed_at: confirmed })
      .execute();
  }
  return id;
}

type RuleValues = Omit<Insertable<NoticeRuleTable>, 'id' | 'workspace_id' | 'name' | 'destination_id' | 'event'>;

export async function addRule(
  { db, workspaceId }: Pick<NoticeScene, 'db' | 'workspaceId'>,
  destinationId: string,
  event: NoticeRuleTable['event'],
  more: Partial<RuleValues> = {},
): Promise<string> {
  const id = newId();
  const row = { id, workspace_id: workspaceId, name: `rule ${event}`, destination_id: destinationId, event, ...more };
  await db.insertInto('notice_rule').values(row).execute();
  return id;
}
