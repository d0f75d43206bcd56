/** Managed transfers look for their tables, and take what was found. */
import { MANAGED_TABLES_MAX } from '#api/resources/managed-transfer.ts';
import { assertRole } from '#control/auth/role-missing.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal, invalid } from '#control/http/refusal.ts';
import { theConnection } from './connection-row.ts';
import { definitionErrors } from './errors.ts';
import { startLook } from './looks.ts';
import { addTables, chosen, switchTables, writeOver } from './managed-changes.ts';
import type { Hand } from './managed-changes.ts';
import { managedChanges, managedOf, theManaged } from './managed-row.ts';
import { areMost } from './managed-tables.ts';
import { theTransferRow } from './transfer-row.ts';
import type { TransferParts } from './new-run.ts';

type Handlers = HandlersOf<'managedTransfers'>;
type TableId = 'managedTransfers.refresh' | 'managedTransfers.apply' | 'managedTransfers.detach';

export function managedTableHandlers(parts: TransferParts): Pick<Handlers, TableId> {
  const { db } = parts.store;
  const { catalog } = parts;
  return {
    async 'managedTransfers.refresh'({ params, principal, idempotencyKey }) {
      const row = await theManaged(db, params.id, principal.workspaceId);
      const connection = await theConnection(db, row.connection_id, principal.workspaceId);
      await assertRole(db, principal, { role: 'operator', groupId: connection.group_id });
      const run = await startLook(parts, {
        kind: 'browse',
        principal,
        idempotencyKey,
        groupId: row.group_id,
        config: { in: { connection: connection.id } },
        // The runner's words; one more than there may be tells that there are more.
        arguments: { side: 'in', path: row.path, limit: MANAGED_TABLES_MAX + 1, names_only: true },
        variables: {},
      });
      await db.updateTable('managed_transfer').set({ refresh_run_id: run.id }).where('id', '=', row.id).execute();
      return run;
    },

    async 'managedTransfers.apply'({ params, body, principal }) {
      const hand: Hand = { principal, catalog };
      return db.transaction().execute(async (trx) => {
        const row = await theManaged(trx, params.id, principal.workspaceId, true);
        const { isKnown, added, returned, removed } = await managedChanges(trx, row);
        if (!isKnown || body.runId !== row.refresh_run_id) {
          const about = { run: body.runId, name: row.name };
          throw new Refusal(definitionErrors.error('MANAGED_REFRESH_OLD', about), 409);
        }
        const add = chosen(body.add, added, 'add');
        const resume = chosen(body.resume, returned, 'resume');
        const pause = chosen(body.pause, removed, 'pause');
        if (areMost(pause.length, row.active) && body.confirmRemoved !== pause.length) {
          const about = { count: pause.length, active: row.active, name: row.name };
          throw new Refusal(definitionErrors.error('MANAGED_MOST_REMOVED', about), 409);
        }
        await switchTables(trx, row, { tables: pause, isOn: false, ...hand });
        await switchTables(trx, row, { tables: resume, isOn: true, ...hand });
        await addTables(trx, row, { tables: add, isEnabled: body.isEnabled, ...hand });
        const managedTransfer = managedOf(await theManaged(trx, row.id, principal.workspaceId));
        return { added: add.length, resumed: resume.length, paused: pause.length, managedTransfer };
      });
    },

    async 'managedTransfers.detach'({ params, body, principal }) {
      return db.transaction().execute(async (trx) => {
        const row = await theManaged(trx, params.id, principal.workspaceId, true);
        const ids = [...new Set(body.transferIds)];
        for (const id of ids) {
          const transfer = await theTransferRow(trx, id, principal.workspaceId, true);
          if (transfer.managed_transfer_id === row.id) continue;
          throw invalid([{ in: 'body', path: ['transferIds'], message: `it has no such transfer: ${id}` }]);
        }
        await trx
          .updateTable('managed_table')
          .set({ is_detached: body.isDetached })
          .where('definition_id', 'in', ids)
          .execute();
        if (!body.isDetached) await writeOver(trx, row, { principal, catalog, only: new Set(ids) });
        return managedOf(await theManaged(trx, row.id, principal.workspaceId));
      });
    },
  };
}
