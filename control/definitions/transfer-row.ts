/** Transfers as rows and as resources. */
import { sql } from 'kysely';
import { runOptions } from '#api/resources/transfer.ts';
import type { Revision, RevisionSummary, Transfer, TransferSummary } from '#api/resources/transfer.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { readKept } from '#control/variables/declare.ts';
import type { KeptVariables } from '#control/variables/declare.ts';

type Db = Store['db'];

const connectionIds = sql<
  string[]
>`array(select connection_id from connection_use where definition_id = definition.id order by 1)`.as('connection_ids');

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectTransfers(db: Db, workspaceId: string) {
  return db
    .selectFrom('definition')
    .selectAll('definition')
    .select(connectionIds)
    .where('definition.workspace_id', '=', workspaceId)
    .where('definition.kind', '=', 'transfer');
}

export type TransferRow = Awaited<ReturnType<ReturnType<typeof selectTransfers>['executeTakeFirstOrThrow']>>;

export async function theTransferRow(db: Db, id: string, workspaceId: string, isLocked = false): Promise<TransferRow> {
  const query = selectTransfers(db, workspaceId).where('definition.id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('transfer', id);
  return found;
}

export async function theTransfer(db: Db, id: string, workspaceId: string): Promise<Transfer> {
  const row = await theTransferRow(db, id, workspaceId);
  const { config, variables } = await theRevision(db, row, row.revision);
  return { ...transferSummaryOf(row), config, variables };
}

/** Of a transfer that was found in its workspace. */
export async function theRevision(
  db: Db,
  transfer: Pick<TransferRow, 'id' | 'revision'>,
  no: number,
): Promise<Revision> {
  const row = await db
    .selectFrom('revision')
    .selectAll()
    .where('definition_id', '=', transfer.id)
    .where('no', '=', no)
    .executeTakeFirst();
  if (row === undefined) throw unknown('revision', String(no));
  const variables = [...readKept(row.variables).declared];
  return { ...revisionSummaryOf(row, transfer.revision), config: { ...row.config }, variables };
}

/** What a revision declares, and where its configuration names it. */
export async function keptOf(db: Db, transferId: string, no: number): Promise<KeptVariables> {
  const row = await db
    .selectFrom('revision')
    .select('variables')
    .where('definition_id', '=', transferId)
    .where('no', '=', no)
    .executeTakeFirst();
  return readKept(row?.variables ?? {});
}

export function revisionSummaryOf(
  row: { readonly no: number; readonly memo: string; readonly author: string; readonly created_at: string },
  current: number,
): RevisionSummary {
  const { no, memo, author, created_at: createdAt } = row;
  return { no, memo, author, createdAt, isCurrent: no === current };
}

export function transferSummaryOf(row: TransferRow): TransferSummary {
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
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
