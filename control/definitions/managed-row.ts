/** Managed transfers as rows and as resources. */
import { sql } from 'kysely';
import { runOptions } from '#api/resources/transfer.ts';
import type { ManagedChanges, ManagedTransfer } from '#api/resources/managed-transfer.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { changesOf, foundTables } from './managed-tables.ts';

type Db = Store['db'];

const labelIds = sql<string[]>`array(select label.id from managed_label join label on label.id = label_id
  where managed_transfer_id = managed_transfer.id order by label.name)`.as('label_ids');

const count = (condition: ReturnType<typeof sql>) => sql<number>`(select count(*)::integer from managed_table
  where managed_transfer_id = managed_transfer.id and definition_id is not null and ${condition})`;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectManaged(db: Db, workspaceId: string) {
  return db
    .selectFrom('managed_transfer')
    .selectAll()
    .select([
      labelIds,
      count(sql`state = 'active'`).as('active'),
      count(sql`state = 'paused'`).as('paused'),
      count(sql`is_detached`).as('detached'),
    ])
    .where('workspace_id', '=', workspaceId);
}

export type ManagedRow = Awaited<ReturnType<ReturnType<typeof selectManaged>['executeTakeFirstOrThrow']>>;

export async function theManaged(db: Db, id: string, workspaceId: string, isLocked = false): Promise<ManagedRow> {
  const query = selectManaged(db, workspaceId).where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('managed transfer', id);
  return found;
}

export function managedOf(row: ManagedRow): ManagedTransfer {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    groupId: row.group_id,
    connectionId: row.connection_id,
    path: [...row.path],
    include: [...row.include],
    exclude: [...row.exclude],
    namePrefix: row.name_prefix,
    config: { ...row.config },
    runOptions: runOptions.parse(row.run_options),
    labelIds: row.label_ids,
    tables: { active: row.active, paused: row.paused, detached: row.detached },
    refreshRunId: row.refresh_run_id,
    updatedBy: row.updated_by,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What the latest refresh found, compared with what there is. */
export async function managedChanges(db: Db, row: ManagedRow): Promise<ManagedChanges> {
  const nothing = {
    isKnown: false,
    isCut: false,
    found: 0,
    excluded: 0,
    unchanged: 0,
    added: [],
    returned: [],
    removed: [],
    unusable: [],
    needsConfirmation: false,
  };
  const run =
    row.refresh_run_id === null
      ? undefined
      : await db
          .selectFrom('run')
          .select(['id', 'state', 'result'])
          .where('id', '=', row.refresh_run_id)
          .where('workspace_id', '=', row.workspace_id)
          .executeTakeFirst();
  if (run === undefined) return { ...nothing, runId: null, runState: null };
  const found = run.state === 'SUCCEEDED' ? foundTables(run.result) : undefined;
  const about = { runId: run.id, runState: run.state };
  if (found === undefined) return { ...nothing, ...about };
  const known = await db
    .selectFrom('managed_table')
    .select(['table_name', 'definition_id', 'state'])
    .where('managed_transfer_id', '=', row.id)
    .execute();
  return { ...about, isKnown: true, ...changesOf(found, known, row) };
}
