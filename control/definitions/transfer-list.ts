/** Lists of transfers: searched, filtered, sorted. */
import { sql } from 'kysely';
import type { HandlerRequest, Principal } from '#control/http/handler.ts';
import type { Contract } from '#api/contract.ts';
import type { TransferSummary } from '#api/resources/transfer.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { Refusal } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { definitionErrors } from './errors.ts';
import { SortedList, byName, latestFirst } from '#control/http/sorted-list.ts';
import type { Sorting } from '#control/http/sorted-list.ts';
import { selectTransfers, transferSummaryOf } from './transfer-row.ts';
import type { TransferRow } from './transfer-row.ts';
import { matching } from './transfer-search.ts';

type Db = Store['db'];
type Query = HandlerRequest<Contract['transfers.list']>['query'];

/** Of a search, on a server that can be told. */
const SEARCH_MS_MAX = 5000;
/** Where there was no run: before all others. */
const NEVER = '1970-01-01T00:00:00.000000Z';

const id = 'definition.id';
const sortings: Readonly<Record<Query['sort'], Sorting<TransferRow>>> = {
  name: byName('definition.name'),
  '-updatedAt': latestFirst('updated_at', 'definition'),
  '-lastRunAt': {
    by: sql`coalesce(last_run.created_at, ${NEVER}::timestamptz)`,
    type: 'timestamptz',
    direction: 'desc',
    id,
    position: (row) => row.last_run_at ?? NEVER,
  },
  lastRunState: {
    // What never ran comes last.
    by: sql`coalesce(last_run.state, 'ZZZ')`,
    type: 'text',
    direction: 'asc',
    id,
    position: (row) => row.last_run_state ?? 'ZZZ',
  },
};

export async function listTransfers(
  db: Db,
  principal: Principal,
  query: Query,
): Promise<{ items: TransferSummary[]; next?: string }> {
  const list = new SortedList(`transfers.${query.sort}`, query, sortings[query.sort]);
  const read = (from: Db): Promise<TransferRow[]> =>
    filtered(from, principal, query).where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
  const rows = query.q === undefined ? await read(db) : await inTime(db, read);
  return list.page(rows, transferSummaryOf);
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function filtered(db: Db, principal: Principal, query: Query) {
  const { q, groupId, isEnabled, connectionId, labelId = [], lastRunState, managedById } = query;
  let rows = selectTransfers(db, principal.workspaceId).where(visibleTo(principal, 'definition.group_id'));
  if (q !== undefined) rows = rows.where(matching(q));
  if (groupId !== undefined) rows = rows.where('definition.group_id', '=', groupId);
  if (isEnabled !== undefined) rows = rows.where('definition.is_enabled', '=', isEnabled);
  if (managedById !== undefined) rows = rows.where('managed_table.managed_transfer_id', '=', managedById);
  if (lastRunState !== undefined) rows = rows.where('last_run.state', 'in', lastRunState);
  if (connectionId !== undefined) {
    rows = rows.where(
      sql<boolean>`exists (select from connection_use
        where definition_id = definition.id and connection_id = ${connectionId})`,
    );
  }
  for (const id of new Set(labelId)) {
    rows = rows.where(
      sql<boolean>`exists (select from definition_label where definition_id = definition.id and label_id = ${id})`,
    );
  }
  return rows;
}

async function inTime<T>(db: Db, read: (from: Db) => Promise<T>): Promise<T> {
  try {
    return await db.transaction().execute(async (trx) => {
      // Compiling such a statement takes longer than any search.
      await sql`select set_config('statement_timeout', ${String(SEARCH_MS_MAX)}, true),
        set_config('jit', 'off', true)`.execute(trx);
      return read(trx);
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== '57014') throw error;
    throw new Refusal(
      definitionErrors.error('SEARCH_TOO_SLOW', { seconds: SEARCH_MS_MAX / 1000 }, { cause: error }),
      422,
    );
  }
}
