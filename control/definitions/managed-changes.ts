/** What managed transfers do to the transfers that are theirs, within a transaction. */
import { sql } from 'kysely';
import { MANAGED_TABLES_MAX } from '#api/resources/managed-transfer.ts';
import type { RunOptions } from '#api/resources/transfer.ts';
import { runOptions } from '#api/resources/transfer.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal, invalid } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { definitionErrors } from './errors.ts';
import type { ManagedRow } from './managed-row.ts';
import { configOf, tableKey, transferName } from './managed-tables.ts';
import { readGivenConfig } from './new-run.ts';
import type { ReadConfig } from './transfer-config.ts';
import { changeTransfer, insertTransfers } from './transfer-change.ts';
import type { TransferFields } from './transfer-change.ts';
import { noVariables } from '#control/variables/declare.ts';
import type { CheckedConfig } from './given-config.ts';
import { selectTransfers } from './transfer-row.ts';
import type { TransferRow } from './transfer-row.ts';

type Db = Store['db'];

export interface Hand {
  readonly principal: Principal;
  readonly catalog: Catalog;
}

/** The common configuration, checked: its connections are there and may be used. */
export async function checkedTemplate(trx: Db, principal: Principal, config: JsonObject): Promise<ReadConfig> {
  return readGivenConfig(trx, principal, { config, sides: ['in', 'out'] });
}

interface Common {
  readonly config: ReadConfig;
  readonly runOptions: RunOptions;
  readonly labelIds: readonly string[];
  readonly groupId: string | null;
}

export async function commonOf(trx: Db, row: ManagedRow, principal: Principal): Promise<Common> {
  return {
    // Kept as JSON.
    config: await checkedTemplate(trx, principal, row.config as JsonObject),
    runOptions: runOptions.parse(row.run_options),
    labelIds: row.label_ids,
    groupId: row.group_id,
  };
}

interface ForTable {
  readonly fields: Pick<TransferFields, 'runOptions' | 'labelIds' | 'groupId'>;
  readonly config: CheckedConfig;
}

function forTable({ config, runOptions: options, labelIds, groupId }: Common, table: string): ForTable {
  return {
    fields: { runOptions: options, labelIds, groupId },
    config: { ...config, config: configOf(config.config, table), yaml: null, variables: noVariables },
  };
}

/** A transfer for each table that has none. */
export async function addTables(
  trx: Db,
  row: ManagedRow,
  { tables, isEnabled, ...hand }: Hand & { readonly tables: readonly string[]; readonly isEnabled: boolean },
): Promise<void> {
  if (tables.length === 0) return;
  const { name, workspace_id: workspaceId } = row;
  const count = row.active + row.paused + tables.length;
  if (count > MANAGED_TABLES_MAX) {
    const params = { name, count, limit: MANAGED_TABLES_MAX };
    throw new Refusal(definitionErrors.error('MANAGED_TOO_MANY', params), 409);
  }
  const common = await commonOf(trx, row, hand.principal);
  const taken = await takenNames(
    trx,
    workspaceId,
    tables.map((table) => transferName(row.name_prefix, table)),
  );
  const transfers = tables.map((table) => {
    const plain = transferName(row.name_prefix, table);
    const own = taken.has(plain) ? transferName(row.name_prefix, table, true) : plain;
    taken.add(own);
    const { fields, config } = forTable(common, table);
    return { fields: { ...fields, description: '', seats: null, name: own, isEnabled }, config };
  });
  const ids = await insertTransfers(trx, transfers, { memo: `Made by "${name}".`, ...hand });
  const rows = tables.map((table, index) => ({ key: tableKey(table), name: table, id: ids[index] }));
  await sql`insert into managed_table (managed_transfer_id, table_key, table_name, definition_id)
    select ${row.id}, t.key, t.name, t.id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t (key text, name text, id text)
    on conflict (managed_transfer_id, table_key) do update
      set definition_id = excluded.definition_id, state = 'active', paused_at = null, is_detached = false`.execute(trx);
}

async function takenNames(trx: Db, workspaceId: string, names: readonly string[]): Promise<Set<string>> {
  const rows = await trx
    .selectFrom('definition')
    .select('name')
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', 'transfer')
    .where('name', '=', sql<string>`any(${[...names]}::text[])`)
    .execute();
  return new Set(rows.map((row) => row.name));
}

type Owned = TransferRow & { readonly table_name: string };

/** Its transfers, locked, in the order in which all lock them. */
async function ownedTransfers(trx: Db, row: ManagedRow): Promise<readonly Owned[]> {
  return selectTransfers(trx, row.workspace_id)
    .select('managed_table.table_name')
    .$narrowType<{ table_name: string }>()
    .where('managed_table.managed_transfer_id', '=', row.id)
    .orderBy('definition.id')
    .forUpdate('definition')
    .execute();
}

/** Writes the common settings over those of each transfer that is not detached; of some alone, when they are named. */
export async function writeOver(
  trx: Db,
  row: ManagedRow,
  { only, ...hand }: Hand & { readonly only?: ReadonlySet<string> },
): Promise<void> {
  const common = await commonOf(trx, row, hand.principal);
  for (const transfer of await ownedTransfers(trx, row)) {
    const isMeant = only === undefined ? transfer.is_detached !== true : only.has(transfer.id);
    if (!isMeant) continue;
    const memo = `Common settings of "${row.name}".`;
    await changeTransfer(trx, transfer, { ...forTable(common, transfer.table_name), memo, ...hand });
  }
}

/** Switches the transfers of these tables off, or on again. */
export async function switchTables(
  trx: Db,
  row: ManagedRow,
  { tables, isOn, principal, catalog }: Hand & { readonly tables: readonly string[]; readonly isOn: boolean },
): Promise<void> {
  if (tables.length === 0) return;
  const wanted = new Set(tables);
  for (const transfer of await ownedTransfers(trx, row)) {
    if (!wanted.has(transfer.table_name)) continue;
    await changeTransfer(trx, transfer, { fields: { isEnabled: isOn }, memo: '', principal, catalog });
  }
  await sql`update managed_table
    set state = ${isOn ? 'active' : 'paused'}, paused_at = ${isOn ? null : sql`dispatch.now()`}
    where managed_transfer_id = ${row.id} and table_key = any(${tables.map(tableKey)}::text[])`.execute(trx);
}

/** The names that are meant: all of the list, or some of it. */
export function chosen(choice: 'all' | readonly string[], list: readonly string[], field: string): readonly string[] {
  if (choice === 'all') return list;
  const known = new Set(list);
  const names = [...new Set(choice)];
  const wrong = names.filter((name) => !known.has(name));
  if (wrong.length === 0) return names;
  const message = `the refresh says nothing of that: ${JSON.stringify(wrong[0]?.slice(0, 100))}`;
  throw invalid([{ in: 'body', path: [field], message }]);
}
