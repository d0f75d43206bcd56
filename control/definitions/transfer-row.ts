/** Transfers as rows and as resources. */
import { sql } from 'kysely';
import { runOptions } from '#api/resources/transfer.ts';
import type { Revision, RevisionSummary, Transfer, TransferSummary } from '#api/resources/transfer.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { readKept } from '#control/variables/declare.ts';
import type { JsonObject } from '#spi/json.ts';
import { shownYaml } from './given-config.ts';
import type { KeptConfig } from './given-config.ts';

type Db = Store['db'];

const connectionIds = sql<
  string[]
>`array(select connection_id from connection_use where definition_id = definition.id order by 1)`.as('connection_ids');
const labelIds = sql<string[]>`array(select label.id from definition_label join label on label.id = label_id
  where definition_id = definition.id order by label.name)`.as('label_ids');
const seats = sql<
  number | null
>`(select seats from seat_limit where scope_kind = 'definition' and scope_id = definition.id)`.as('seats');

// Not what searches look in: it is long.
const columns = [
  'definition.id',
  'definition.workspace_id',
  'definition.group_id',
  'definition.name',
  'definition.description',
  'definition.revision',
  'definition.is_enabled',
  'definition.run_options',
  'definition.updated_by',
  'definition.version',
  'definition.created_at',
  'definition.updated_at',
] as const;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectTransfers(db: Db, workspaceId: string) {
  return db
    .selectFrom('definition')
    .leftJoin('managed_table', 'managed_table.definition_id', 'definition.id')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('run')
          .select(['run.id', 'run.state', 'run.created_at', 'run.terminal_at'])
          .whereRef('run.definition_id', '=', 'definition.id')
          .where('run.kind', '=', 'transfer')
          .orderBy('run.created_at', 'desc')
          .orderBy('run.id', 'desc')
          .limit(1)
          .as('last_run'),
      (join) => join.onTrue(),
    )
    .select(columns)
    .select([connectionIds, labelIds, seats])
    .select(['managed_table.managed_transfer_id', 'managed_table.is_detached'])
    .select(['last_run.id as last_run_id', 'last_run.state as last_run_state'])
    .select(['last_run.created_at as last_run_at', 'last_run.terminal_at as last_run_end'])
    .where('definition.workspace_id', '=', workspaceId)
    .where('definition.kind', '=', 'transfer');
}

export type TransferRow = Awaited<ReturnType<ReturnType<typeof selectTransfers>['executeTakeFirstOrThrow']>>;

export async function theTransferRow(db: Db, id: string, workspaceId: string, isLocked = false): Promise<TransferRow> {
  const query = selectTransfers(db, workspaceId).where('definition.id', '=', id);
  const found = await (isLocked ? query.forUpdate('definition') : query).executeTakeFirst();
  if (found === undefined) throw unknown('transfer', id);
  return found;
}

export async function theTransfer(db: Db, id: string, workspaceId: string): Promise<Transfer> {
  const row = await theTransferRow(db, id, workspaceId);
  const kept = await keptConfig(db, row, row.revision);
  const { text, dialect } = await shownYaml(db, workspaceId, kept);
  return {
    ...transferSummaryOf(row),
    config: { ...kept.config },
    yaml: text,
    yamlDialect: dialect,
    variables: [...kept.variables.declared],
  };
}

type Revised = Pick<TransferRow, 'id' | 'revision'>;

/** The configuration of a revision, of a transfer that was found in its workspace. */
export async function keptConfig(db: Db, transfer: Revised, no: number): Promise<KeptConfig> {
  return keptOf(await revisionRow(db, transfer, no));
}

export async function theRevision(
  db: Db,
  transfer: Revised & { readonly workspace_id: string },
  no: number,
): Promise<Revision> {
  const row = await revisionRow(db, transfer, no);
  const kept = keptOf(row);
  const { text, dialect } = await shownYaml(db, transfer.workspace_id, kept);
  const { memo, author, created_at: createdAt } = row;
  const isCurrent = no === transfer.revision;
  const variables = [...kept.variables.declared];
  return {
    no,
    memo,
    author,
    createdAt,
    isCurrent,
    config: { ...kept.config },
    yaml: text,
    yamlDialect: dialect,
    variables,
  };
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
async function revisionRow(db: Db, transfer: Revised, no: number) {
  const row = await db
    .selectFrom('revision')
    .selectAll()
    .where('definition_id', '=', transfer.id)
    .where('no', '=', no)
    .executeTakeFirst();
  if (row === undefined) throw unknown('revision', String(no));
  return row;
}

function keptOf(row: {
  readonly config: unknown;
  readonly yaml: string | null;
  readonly yaml_dialect: YamlDialect | null;
  readonly variables: unknown;
}): KeptConfig {
  const { yaml, yaml_dialect: dialect } = row;
  return {
    // Kept as JSON.
    config: row.config as JsonObject,
    yaml: yaml === null ? null : { text: yaml, dialect: dialect ?? '0.11.5' },
    variables: readKept(row.variables),
  };
}

/** Runs of a transfer that are looked at for the revisions that they ran. */
const RUNS_MAX = 10_000;

/** Revisions from the one before `before` downwards, each with its runs. */
export async function revisionPage(
  db: Db,
  transfer: Revised,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<readonly RevisionSummary[]> {
  const { rows } = await sql<{
    no: number;
    memo: string;
    author: string;
    created_at: string;
    runs: number;
    last_run_id: string | null;
  }>`
    with latest as (select id, revision from run where definition_id = ${transfer.id} and kind = 'transfer'
      order by created_at desc, id desc limit ${RUNS_MAX}),
    used as (select revision, count(*)::integer as runs, max(id) as last_run_id from latest group by revision)
    select r.no, r.memo, r.author, r.created_at, coalesce(used.runs, 0) as runs, used.last_run_id
    from revision r left join used on used.revision = r.no
    where r.definition_id = ${transfer.id} and (${before ?? null}::integer is null or r.no < ${before ?? null})
    order by r.no desc limit ${limit}`.execute(db);
  return rows.map(({ no, memo, author, created_at: createdAt, runs, last_run_id: lastRunId }) => {
    return { no, memo, author, createdAt, isCurrent: no === transfer.revision, runs, lastRunId };
  });
}

export function transferSummaryOf(row: TransferRow): TransferSummary {
  const { last_run_id: lastRunId, last_run_state: state, last_run_at: lastRunAt } = row;
  const hasRun = lastRunId !== null && state !== null && lastRunAt !== null;
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    groupId: row.group_id,
    isEnabled: row.is_enabled,
    revision: row.revision,
    // What an older release kept lacks what has come since.
    runOptions: runOptions.parse(row.run_options),
    connectionIds: row.connection_ids,
    labelIds: row.label_ids,
    seats: row.seats,
    lastRun: hasRun ? { id: lastRunId, state, createdAt: lastRunAt, endedAt: row.last_run_end } : null,
    managedBy:
      row.managed_transfer_id === null ? null : { id: row.managed_transfer_id, isDetached: row.is_detached ?? false },
    updatedBy: row.updated_by,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
