/** From what is asked for to a run: the connections are looked up, the work is frozen, and the run created. */
import { sql } from 'kysely';
import type { Run } from '#api/resources/run.ts';
import type { RunOptions } from '#api/resources/transfer.ts';
import type { WorkOrder } from '#api/runner.ts';
import { assertRole } from '#control/auth/role-missing.ts';
import { visibleTo } from '#control/auth/visible.ts';
import type { Principal } from '#control/http/handler.ts';
import { invalid } from '#control/http/refusal.ts';
import { freezeWork } from '#control/runs/freeze-work.ts';
import type { ConnectionToFreeze } from '#control/runs/freeze-work.ts';
import type { RunCommands } from '#control/runs/run-commands.ts';
import { theRun } from '#control/runs/run-row.ts';
import type { Store } from '#control/store/store.ts';
import { noVariables } from '#control/variables/declare.ts';
import type { KeptVariables } from '#control/variables/declare.ts';
import { assertResolved, queriedConnections, resolvedFor } from '#control/variables/transfer-variables.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { JsonObject } from '#spi/json.ts';
import { namedConnections, readConfig } from './transfer-config.ts';
import type { NamedConnection, ReadConfig } from './transfer-config.ts';

export interface RunParts {
  readonly store: Pick<Store, 'db'>;
  readonly commands: RunCommands;
}

export interface TransferParts extends RunParts {
  readonly catalog: Catalog;
}

export interface RunRequest {
  readonly kind: WorkOrder['kind'];
  readonly principal: Principal;
  readonly idempotencyKey: string | undefined;
  readonly groupId: string | null;
  readonly definitionId: string | null;
  readonly revision: number | null;
  readonly lane: 'batch' | 'interactive';
  readonly config: JsonObject;
  readonly variables: Readonly<Record<string, string>>;
  /** Of `$name$`: what is declared, and what this run was given for it. */
  readonly declared?: KeptVariables | undefined;
  readonly values?: Readonly<Record<string, string>> | undefined;
  /** ISO text in UTC: the instant that it is about; by default now. */
  readonly at?: string | undefined;
  readonly arguments: JsonObject;
  readonly options: RunOptions;
}

const JOB_RETRIES_IDEMPOTENT = 2;

export async function startRun({ store, commands }: RunParts, request: RunRequest): Promise<Run> {
  const { principal, kind, groupId, definitionId, revision, lane, options } = request;
  const { workspaceId } = principal;
  const at = request.at ?? (await databaseNow(store.db));
  const kept = request.declared ?? noVariables;
  const declared = await resolvedFor(store.db, kept, { definitionId, at, given: request.values ?? {} });
  assertResolved(declared);
  const connectionIds = [...new Set([...namedConnections(request.config), ...queriedConnections(kept.declared)])];
  const { work, scopes } = freezeWork({
    kind,
    workspaceId,
    groupId,
    definitionId,
    lane,
    config: request.config,
    connections: await connectionsToFreeze(store.db, workspaceId, connectionIds),
    variables: request.variables,
    declared: kept.declared.length === 0 ? undefined : declared,
    arguments: request.arguments,
    transactionTime: at,
    runTimeoutS: options.runTimeoutS,
    stallTimeoutS: options.stallTimeoutS,
    memoryMb: options.memoryMb,
    cpuMillis: options.cpuMillis,
  });
  const { runId } = await commands.create({
    workspaceId,
    groupId,
    definitionId,
    revision,
    kind,
    trigger: 'api',
    createdBy: principal.actor,
    idempotencyKey: runKey(principal, request.idempotencyKey),
    priority: options.priority,
    lane,
    isIdempotent: options.isIdempotent,
    jobRetriesMax: options.jobRetriesMax ?? (options.isIdempotent ? JOB_RETRIES_IDEMPOTENT : 0),
    queueTimeoutS: options.queueTimeoutS,
    work,
    scopes,
  });
  return theRun(store.db, runId, workspaceId);
}

/** Of one who asks: nobody gets another one's run by his key. Not to be taken for a key of the scheduler. */
export function runKey({ userId, rateKey }: Principal, idempotencyKey: string | undefined): string | undefined {
  return idempotencyKey === undefined ? undefined : `api:${userId ?? rateKey}:${idempotencyKey}`;
}

interface KnownConnection extends NamedConnection {
  readonly group_id: string | null;
}

/** Checks a config that came in a body, with its connections by id or by name: those that may be used. */
export async function readGivenConfig(
  db: Store['db'],
  principal: Principal,
  { config, sides }: { readonly config: JsonObject; readonly sides: readonly ('in' | 'out')[] },
): Promise<ReadConfig> {
  const known = await knownConnections(db, principal, namedConnections(config));
  const read = readConfig(config, known, sides);
  if (read.errors.length > 0) throw invalid(read.errors);
  for (const connection of known.filter(({ id }) => read.connectionIds.includes(id))) {
    await assertRole(db, principal, { role: 'operator', groupId: connection.group_id });
  }
  return read;
}

/** Those of these ids or names that may be seen. */
export async function knownConnections(
  db: Store['db'],
  principal: Principal,
  names: readonly string[],
): Promise<readonly KnownConnection[]> {
  if (names.length === 0) return [];
  return db
    .selectFrom('connection')
    .select(['id', 'name', 'plugin', 'group_id'])
    .where('workspace_id', '=', principal.workspaceId)
    .where(visibleTo(principal, 'group_id'))
    .where((is) => is.or([is('id', 'in', [...names]), is('name', 'in', [...names])]))
    .execute();
}

async function connectionsToFreeze(
  db: Store['db'],
  workspaceId: string,
  ids: readonly string[],
): Promise<ConnectionToFreeze[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('connection')
    .select(['id', 'name', 'plugin', 'config', 'account_key'])
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', ids)
    .orderBy('id')
    .execute();
  const missing = ids.filter((id) => !rows.some((row) => row.id === id));
  if (missing.length > 0) {
    // Of an old revision: connections that the current one uses cannot be deleted.
    throw invalid(
      missing.map((id) => ({ in: 'body', path: ['config'], message: `the connection ${id} is not there any more` })),
    );
  }
  return rows.map(({ id, name, plugin, config: options, account_key: accountKey }) => ({
    id,
    name,
    plugin,
    // Kept as JSON.
    options: options as JsonObject,
    accountKey,
  }));
}

export async function databaseNow(db: Store['db']): Promise<string> {
  const { rows } = await sql<{ now: string }>`select dispatch.now() as now`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a database without time');
  return row.now;
}
