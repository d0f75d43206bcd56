/** Managed transfers: one definition that makes and keeps a transfer for each of many tables. */
import type { ManagedTable } from '#api/resources/managed-transfer.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { containing, makeCursor, namePattern, pageOfRows, readCursor } from '#control/http/cursor.ts';
import { SortedList, sortings } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { shownTo } from './hidden-secrets.ts';
import { managedTableHandlers } from './managed-apply.ts';
import { managedChanges, managedOf, selectManaged, theManaged } from './managed-row.ts';

import { managedWriteHandlers } from './managed-write.ts';
import type { TransferParts } from './new-run.ts';

type Handlers = HandlersOf<'managedTransfers'>;
type ReadId = 'managedTransfers.list' | 'managedTransfers.get' | 'managedTransfers.changes' | 'managedTransfers.tables';

export function managedTransferHandlers(parts: TransferParts): Handlers {
  return { ...readHandlers(parts), ...managedWriteHandlers(parts), ...managedTableHandlers(parts) };
}

function readHandlers({ store: { db }, catalog }: TransferParts): Pick<Handlers, ReadId> {
  return {
    async 'managedTransfers.list'({ query, principal }) {
      const list = new SortedList(`managed.${query.sort}`, query, sortings[query.sort]);
      let rows = selectManaged(db, principal.workspaceId).where(visibleTo(principal, 'group_id'));
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      if (query.groupId !== undefined) rows = rows.where('group_id', '=', query.groupId);
      if (query.connectionId !== undefined) rows = rows.where('connection_id', '=', query.connectionId);
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      const page = list.page(found, managedOf);
      const items = page.items.map((item) => shownTo(principal, item.groupId, item, catalog));
      return { ...page, items: await Promise.all(items) };
    },

    async 'managedTransfers.get'({ params, principal }) {
      const shown = managedOf(await theManaged(db, params.id, principal.workspaceId));
      return shownTo(principal, shown.groupId, shown, catalog);
    },

    async 'managedTransfers.changes'({ params, principal }) {
      return managedChanges(db, await theManaged(db, params.id, principal.workspaceId));
    },

    async 'managedTransfers.tables'({ params, query, principal }) {
      const { id } = await theManaged(db, params.id, principal.workspaceId);
      const after = readCursor('tables', query.cursor, [namePattern]);
      let rows = db
        .selectFrom('managed_table')
        .leftJoin('definition', 'definition.id', 'managed_table.definition_id')
        .select(['table_name', 'definition_id', 'definition.name', 'state', 'is_detached', 'paused_at'])
        .where('managed_transfer_id', '=', id);
      if (query.q !== undefined) rows = rows.where('table_name', 'ilike', containing(query.q));
      if (query.state !== undefined) rows = rows.where('state', '=', query.state);
      if (after !== undefined) rows = rows.where('table_name', '>', after[0] ?? '');
      const found = await rows
        .orderBy('table_name')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(found, query.limit, {
        item: (row): ManagedTable => ({
          table: row.table_name,
          transferId: row.definition_id,
          transferName: row.name,
          state: row.state,
          isDetached: row.is_detached,
          pausedAt: row.paused_at,
        }),
        cursor: (row) => makeCursor('tables', [row.table_name]),
      });
    },
  };
}
