import type { Transfer } from '#api/resources/transfer.ts';
import { countPattern, makeCursor, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import type { JsonObject } from '#spi/json.ts';
import { checkGiven, checkKept } from './given-config.ts';
import type { GivenConfig } from './given-config.ts';
import { assertGroup } from './groups.ts';
import { shownTo } from './hidden-secrets.ts';
import { assertTransferVersion, changeTransfer, deleteTransfer, insertTransfer } from './transfer-change.ts';
import type { TransferChange } from './transfer-change.ts';
import { listTransfers } from './transfer-list.ts';
import { keptConfig, revisionPage, theRevision, theTransfer, theTransferRow } from './transfer-row.ts';
import type { TransferRow } from './transfer-row.ts';
import { transferRunHandlers } from './transfer-runs.ts';
import { transferWorkHandlers } from './transfer-work.ts';
import type { TransferParts } from './new-run.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'transfers'>;
type ReadId = 'transfers.list' | 'transfers.get' | 'transfers.revisions' | 'transfers.revision';
type WriteId = 'transfers.create' | 'transfers.update' | 'transfers.delete' | 'transfers.restore';

export function transferHandlers(parts: TransferParts): Handlers {
  return {
    ...readHandlers(parts),
    ...writeHandlers(parts),
    ...transferRunHandlers(parts),
    ...transferWorkHandlers(parts),
  };
}

function readHandlers({ store: { db }, catalog }: TransferParts): Pick<Handlers, ReadId> {
  return {
    'transfers.list': ({ query, principal }) => listTransfers(db, principal, query),

    async 'transfers.get'({ params, principal }) {
      const shown = await theTransfer(db, params.id, principal.workspaceId);
      return shownTo(principal, shown.groupId, shown, catalog);
    },

    async 'transfers.revisions'({ params, query, principal }) {
      const transfer = await theTransferRow(db, params.id, principal.workspaceId);
      const after = readCursor('revisions', query.cursor, [countPattern]);
      const before = after === undefined ? undefined : Number(after[0]);
      const found = await revisionPage(db, transfer, { before, limit: query.limit + 1 });
      return pageOfRows(found, query.limit, {
        item: (revision) => revision,
        cursor: ({ no }) => makeCursor('revisions', [String(no)]),
      });
    },

    async 'transfers.revision'({ params, principal }) {
      const transfer = await theTransferRow(db, params.id, principal.workspaceId);
      return shownTo(principal, transfer.group_id, await theRevision(db, transfer, params.no), catalog);
    },
  };
}

function writeHandlers({ store: { db }, catalog }: TransferParts): Pick<Handlers, WriteId> {
  return {
    async 'transfers.create'({ body, principal }) {
      return db.transaction().execute(async (trx) => {
        const { config: json, yaml, yamlDialect, variables, memo, ...fields } = body;
        const given = givenOf({ config: json, yaml, yamlDialect, variables });
        const config = await checkGiven(trx, principal, given, { catalog });
        await assertGroup(trx, body.groupId, principal);
        const id = await insertTransfer(trx, { fields, config, memo, principal, catalog });
        return theTransfer(trx, id, principal.workspaceId);
      });
    },

    async 'transfers.update'({ params: { id }, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theTransferRow(trx, id, principal.workspaceId, true);
        await assertTransferVersion(trx, before, { ifMatch, catalog });
        await assertGroup(trx, body.groupId, principal);
        const { config: json, yaml, yamlDialect, variables, memo = '', ...fields } = body;
        const isSame = json === undefined && yaml === undefined && variables === undefined;
        const given = givenOf({ config: json, yaml, yamlDialect, variables });
        const current = isSame ? undefined : await keptConfig(trx, before, before.revision);
        const config = current && (await checkGiven(trx, principal, given, { catalog, before: current }));
        return changed(trx, before, { fields, config, memo, principal, catalog });
      });
    },

    async 'transfers.restore'({ params: { id, no }, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theTransferRow(trx, id, principal.workspaceId, true);
        await assertTransferVersion(trx, before, { ifMatch, catalog });
        const config = await checkKept(trx, principal, await keptConfig(trx, before, no), catalog);
        const memo = body.memo ?? `Revision ${no} again.`;
        return changed(trx, before, { fields: {}, config, memo, principal, catalog });
      });
    },

    async 'transfers.delete'({ params: { id }, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const row = await theTransferRow(trx, id, principal.workspaceId, true);
        if (ifMatch !== undefined) await assertTransferVersion(trx, row, { ifMatch, catalog });
        await deleteTransfer(trx, row);
      });
    },
  };
}

/** It has come as JSON. */
function givenOf(given: Omit<GivenConfig, 'config'> & { readonly config: object | undefined }): GivenConfig {
  return { ...given, config: given.config as JsonObject | undefined };
}

async function changed(
  trx: Db,
  before: TransferRow,
  change: TransferChange & { readonly principal: Principal },
): Promise<Transfer> {
  await changeTransfer(trx, before, change);
  return theTransfer(trx, before.id, before.workspace_id);
}
