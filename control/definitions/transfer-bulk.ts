/** The same for many transfers: each by itself, so that one that is refused does not hold up the others. */
import { runOptions } from '#api/resources/transfer.ts';
import type { BulkAction, BulkOutcome } from '#api/resources/transfer-bulk.ts';
import type { Role } from '#api/endpoint.ts';
import { holds, roleIn } from '#control/auth/rights.ts';
import { assertRole } from '#control/auth/role-missing.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { refusalOf, unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { assertGroup } from './groups.ts';
import { startRun } from './new-run.ts';
import { changeTransfer, deleteTransfer } from './transfer-change.ts';
import type { TransferFields } from './transfer-change.ts';
import { keptConfig, theTransferRow } from './transfer-row.ts';
import type { TransferRow } from './transfer-row.ts';
import { assertEnabled } from './transfer-runs.ts';
import type { TransferParts } from './new-run.ts';

type Db = Store['db'];
type Item = BulkOutcome['items'][number];

interface Bulk {
  readonly action: BulkAction;
  readonly principal: Principal;
  readonly idempotencyKey: string | undefined;
}

export function bulkHandler(parts: TransferParts): HandlersOf<'transfers'>['transfers.bulk'] {
  return async ({ body: { ids, action }, principal, idempotencyKey }) => {
    const items: Item[] = [];
    for (const id of new Set(ids)) items.push(await outcomeOf(parts, id, { action, principal, idempotencyKey }));
    const count = (outcome: Item['outcome']): number => items.filter((item) => item.outcome === outcome).length;
    return { items, done: count('done'), unchanged: count('unchanged'), failed: count('failed') };
  };
}

async function outcomeOf(parts: TransferParts, id: string, bulk: Bulk): Promise<Item> {
  try {
    const { action, ...rest } = bulk;
    if (action.kind === 'run') {
      return { id, outcome: 'done', runId: await runOne(parts, id, { ...rest, variables: action.variables }) };
    }
    const { db } = parts.store;
    const isChanged = await db.transaction().execute((trx) => changeOne(trx, parts, id, { action, ...rest }));
    return { id, outcome: isChanged ? 'done' : 'unchanged' };
  } catch (error) {
    const refusal = refusalOf(error);
    // A bug, or a database that is away, is that of the whole request.
    if (refusal.status >= 500) throw error;
    const { code, message: detail, hint } = refusal;
    return { id, outcome: 'failed', problem: { code, detail, hint } };
  }
}

/** What is in a group where nothing may be seen is not there. */
async function permitted(
  db: Db,
  id: string,
  { principal, role }: { principal: Principal; role: Role },
): Promise<TransferRow> {
  const row = await theTransferRow(db, id, principal.workspaceId, db.isTransaction);
  if (!holds(roleIn(principal, row.group_id), 'viewer')) throw unknown('transfer', id);
  await assertRole(db, principal, { role, groupId: row.group_id });
  return row;
}

async function runOne(
  parts: TransferParts,
  id: string,
  { variables, principal, idempotencyKey }: Omit<Bulk, 'action'> & { readonly variables: Record<string, string> },
): Promise<string> {
  const { db } = parts.store;
  const row = await permitted(db, id, { principal, role: 'operator' });
  assertEnabled(row);
  const { config, variables: declared } = await keptConfig(db, row, row.revision);
  const run = await startRun(parts, {
    kind: 'transfer',
    principal,
    // One for each: the same request again gives the same runs.
    idempotencyKey: idempotencyKey === undefined ? undefined : `bulk:${id}:${idempotencyKey}`,
    groupId: row.group_id,
    definitionId: row.id,
    revision: row.revision,
    lane: 'batch',
    config,
    variables,
    declared,
    arguments: {},
    options: runOptions.parse(row.run_options),
  });
  return run.id;
}

type Change = Exclude<BulkAction, { readonly kind: 'run' }>;

async function changeOne(
  trx: Db,
  { catalog }: TransferParts,
  id: string,
  { action, principal }: Omit<Bulk, 'action'> & { readonly action: Change },
): Promise<boolean> {
  const row = await permitted(trx, id, { principal, role: 'editor' });
  if (action.kind === 'delete') {
    await deleteTransfer(trx, row);
    return true;
  }
  if (action.kind === 'move') {
    await assertGroup(trx, action.groupId, principal);
    await assertRole(trx, principal, { role: 'editor', groupId: action.groupId });
  }
  return changeTransfer(trx, row, { fields: changedFields(row, action), memo: '', principal, catalog });
}

function changedFields(
  { label_ids: labels }: TransferRow,
  action: Exclude<Change, { readonly kind: 'delete' }>,
): Partial<TransferFields> {
  switch (action.kind) {
    case 'enable':
    case 'disable':
      return { isEnabled: action.kind === 'enable' };
    case 'addLabels':
      return { labelIds: [...new Set([...labels, ...action.labelIds])] };
    case 'removeLabels':
      return { labelIds: labels.filter((label) => !action.labelIds.includes(label)) };
    case 'move':
      return { groupId: action.groupId };
  }
}
