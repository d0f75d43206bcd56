/** Managed transfers are made, changed and removed. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { ManagedTransfer } from '#api/resources/managed-transfer.ts';
import { assertRole } from '#control/auth/role-missing.ts';
import { visibleTo } from '#control/auth/visible.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { invalid } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { assertGroup } from './groups.ts';
import { checkedTemplate, writeOver } from './managed-changes.ts';
import { managedOf, theManaged } from './managed-row.ts';
import type { ManagedRow } from './managed-row.ts';
import { withSections } from './transfer-config.ts';
import { assertLabels, deleteTransfer } from './transfer-change.ts';
import { selectTransfers } from './transfer-row.ts';
import type { TransferParts } from './new-run.ts';
import { assertVersion, namedOnce } from './versions.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'managedTransfers'>;
type WriteId = 'managedTransfers.create' | 'managedTransfers.update' | 'managedTransfers.delete';

export function managedWriteHandlers({ store: { db }, catalog }: TransferParts): Pick<Handlers, WriteId> {
  return {
    async 'managedTransfers.create'({ body, principal }) {
      return db.transaction().execute(async (trx) => {
        await assertGroup(trx, body.groupId, principal);
        await assertUsable(trx, principal, body.connectionId);
        // It has come as JSON.
        const { config } = await checkedTemplate(trx, principal, body.config as JsonObject);
        const id = newId();
        const row = {
          id,
          workspace_id: principal.workspaceId,
          group_id: body.groupId,
          name: body.name,
          description: body.description,
          connection_id: body.connectionId,
          path: json(body.path),
          include: json(body.include),
          exclude: json(body.exclude),
          name_prefix: body.namePrefix,
          config: json(config),
          run_options: json(body.runOptions),
          updated_by: principal.actor,
        };
        await namedOnce('managed transfer', body.name, () => trx.insertInto('managed_transfer').values(row).execute());
        await setLabels(trx, { id, workspaceId: principal.workspaceId, labelIds: body.labelIds });
        return managedOf(await theManaged(trx, id, principal.workspaceId));
      });
    },

    'managedTransfers.update': (request) => db.transaction().execute((trx) => updateManaged(trx, catalog, request)),

    async 'managedTransfers.delete'({ params: { id }, query, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const row = await theManaged(trx, id, principal.workspaceId, true);
        if (ifMatch !== undefined) assertVersion('managed transfer', row.version, ifMatch);
        if (query.transfers === 'delete') {
          const owned = await selectTransfers(trx, principal.workspaceId)
            .where('managed_table.managed_transfer_id', '=', id)
            .where('managed_table.is_detached', '=', false)
            .orderBy('definition.id')
            .forUpdate('definition')
            .execute();
          for (const transfer of owned) await deleteTransfer(trx, transfer);
        }
        await trx.deleteFrom('managed_transfer').where('id', '=', id).execute();
      });
    },
  };
}

type UpdateRequest = Parameters<Handlers['managedTransfers.update']>[0];

async function updateManaged(
  trx: Db,
  catalog: Catalog,
  { params: { id }, body, principal, ifMatch }: UpdateRequest,
): Promise<ManagedTransfer> {
  const before = await theManaged(trx, id, principal.workspaceId, true);
  assertVersion('managed transfer', before.version, ifMatch);
  await assertGroup(trx, body.groupId, principal);
  if (body.connectionId !== undefined) await assertUsable(trx, principal, body.connectionId);
  const row = await changedColumns(trx, before, { body, principal });
  const labelIds = body.labelIds ?? before.label_ids;
  const isSame = Object.entries(row).every(([column, value]) =>
    isDeepStrictEqual(before[column as keyof typeof row], value),
  );
  if (isSame && isDeepStrictEqual([...labelIds].sort(), [...before.label_ids].sort())) return managedOf(before);
  const isElsewhere = row.connection_id !== before.connection_id || !isDeepStrictEqual(row.path, before.path);
  const update = trx
    .updateTable('managed_transfer')
    .set({
      ...row,
      ...jsonColumns(row),
      // What was found there says nothing of here.
      ...(isElsewhere ? { refresh_run_id: null } : {}),
      updated_by: principal.actor,
      version: before.version + 1,
      updated_at: sql<string>`dispatch.now()`,
    })
    .where('id', '=', id);
  await namedOnce('managed transfer', row.name, () => update.execute());
  await setLabels(trx, { id, workspaceId: principal.workspaceId, labelIds });
  const after = await theManaged(trx, id, principal.workspaceId);
  await writeOver(trx, after, { principal, catalog });
  return managedOf(after);
}

/** One's own use of the connection is asked for, besides the right on the managed transfer. */
async function assertUsable(db: Db, principal: Principal, connectionId: string): Promise<void> {
  const row = await db
    .selectFrom('connection')
    .select('group_id')
    .where('id', '=', connectionId)
    .where('workspace_id', '=', principal.workspaceId)
    .where(visibleTo(principal, 'group_id'))
    .executeTakeFirst();
  if (row === undefined) {
    const message = `there is no such connection: ${connectionId}`;
    throw invalid([{ in: 'body', path: ['connectionId'], message }]);
  }
  await assertRole(db, principal, { role: 'operator', groupId: row.group_id });
}

async function changedColumns(
  trx: Db,
  before: ManagedRow,
  { body, principal }: { readonly body: UpdateRequest['body']; readonly principal: Principal },
) {
  const connectionId = body.connectionId ?? before.connection_id;
  // Kept as JSON, or come as JSON.
  const given = (body.config ?? reconnected(before, connectionId)) as JsonObject;
  const { config } = await checkedTemplate(trx, principal, given);
  return {
    name: body.name ?? before.name,
    description: body.description ?? before.description,
    group_id: body.groupId === undefined ? before.group_id : body.groupId,
    connection_id: connectionId,
    path: body.path ?? before.path,
    include: body.include ?? before.include,
    exclude: body.exclude ?? before.exclude,
    name_prefix: body.namePrefix ?? before.name_prefix,
    config,
    run_options: body.runOptions ?? before.run_options,
  };
}

/** What read from the connection before reads from the other one. */
function reconnected({ config, connection_id: before }: ManagedRow, after: string): JsonObject {
  return withSections(config as JsonObject, (section) => {
    if (section['connection'] !== before || after === before) return section;
    const { type: _type, ...rest } = section;
    return { ...rest, connection: after };
  });
}

function jsonColumns(row: Awaited<ReturnType<typeof changedColumns>>) {
  const { path, include, exclude, config, run_options: options } = row;
  return {
    path: json(path),
    include: json(include),
    exclude: json(exclude),
    config: json(config),
    run_options: json(options),
  };
}

async function setLabels(
  trx: Db,
  { id, workspaceId, labelIds }: { id: string; workspaceId: string; labelIds: readonly string[] },
): Promise<void> {
  await assertLabels(trx, workspaceId, labelIds);
  await trx.deleteFrom('managed_label').where('managed_transfer_id', '=', id).execute();
  if (labelIds.length === 0) return;
  const rows = [...new Set(labelIds)].map((labelId) => ({ managed_transfer_id: id, label_id: labelId }));
  await trx.insertInto('managed_label').values(rows).execute();
}
