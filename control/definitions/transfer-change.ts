/** What makes, changes and removes a transfer, within a transaction: for one request, for many at once, for a copy. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { ConfigChange } from '#api/resources/config-change.ts';
import { runOptions } from '#api/resources/transfer.ts';
import type { RunOptions } from '#api/resources/transfer.ts';
import { sameConfig } from '#codec/yaml/same-config.ts';
import { definedOnly } from '#control/defined-only.ts';
import { httpErrors } from '#control/http/errors.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal, invalid } from '#control/http/refusal.ts';
import { turnScope } from '#control/runs/overlap.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { configChanges } from './config-diff.ts';
import { searchTextOf, secretPlaces } from './config-secrets.ts';
import { definitionErrors } from './errors.ts';
import type { CheckedConfig, KeptConfig } from './given-config.ts';
import { keptConfig } from './transfer-row.ts';
import type { TransferRow } from './transfer-row.ts';
import { namedOnce } from './versions.ts';

type Db = Store['db'];

const USERS_MAX = 100;
/** Of a definition: whoever changes something older is told less. */
const CHANGES_KEPT = 200;

export interface TransferFields {
  readonly name: string;
  readonly description: string;
  readonly groupId: string | null;
  readonly isEnabled: boolean;
  readonly runOptions: RunOptions;
  readonly labelIds: readonly string[];
  readonly seats: number | null;
}

export interface TransferChange {
  readonly fields: { readonly [Name in keyof TransferFields]?: TransferFields[Name] | undefined };
  /** Undefined: it stays. */
  readonly config?: CheckedConfig | undefined;
  readonly memo: string;
  readonly principal: Pick<Principal, 'workspaceId' | 'actor'>;
  readonly catalog: Catalog;
}

export interface NewTransfer {
  readonly fields: TransferFields;
  readonly config: CheckedConfig;
}

type By = Pick<TransferChange, 'memo' | 'principal' | 'catalog'>;

export async function insertTransfer(trx: Db, { fields, config, ...by }: NewTransfer & By): Promise<string> {
  const [id] = await insertTransfers(trx, [{ fields, config }], by);
  if (id === undefined) throw new Error('a transfer that is made has an id');
  return id;
}

/** Rows of one statement: one has ten values, and there are 65535 at most. */
const ROWS_MAX = 500;

/** Several in one statement each, for those who make thousands; the ids in the same order. */
export async function insertTransfers(
  trx: Db,
  transfers: readonly NewTransfer[],
  { memo, principal, catalog }: By,
): Promise<readonly string[]> {
  const { workspaceId, actor } = principal;
  await assertLabels(trx, workspaceId, [...new Set(transfers.flatMap(({ fields }) => fields.labelIds))]);
  const ids: string[] = [];
  for (let from = 0; from < transfers.length; from += ROWS_MAX) {
    const part = transfers.slice(from, from + ROWS_MAX).map((transfer) => ({ ...transfer, id: newId() }));
    const definitions = await Promise.all(
      part.map(async ({ id, fields, config }) => ({
        id,
        workspace_id: workspaceId,
        group_id: fields.groupId,
        kind: 'transfer' as const,
        name: fields.name,
        description: fields.description,
        is_enabled: fields.isEnabled,
        run_options: json(fields.runOptions),
        search_text: await searchText(config.config, catalog),
        updated_by: actor,
      })),
    );
    const [first] = definitions;
    await namedOnce('transfer', first?.name ?? '', () => trx.insertInto('definition').values(definitions).execute());
    await addRevisions(
      trx,
      part.map(({ id, config }) => ({ id, no: 1, config, memo, author: actor })),
    );
    await addLabels(
      trx,
      part.map(({ id, fields }) => ({ id, labelIds: fields.labelIds })),
    );
    for (const { id, fields } of part) if (fields.seats !== null) await setSeats(trx, id, fields);
    ids.push(...part.map(({ id }) => id));
  }
  return ids;
}

/** Of a row that is locked. What is as it was makes no revision, and no new version when that was all. */
export async function changeTransfer(trx: Db, before: TransferRow, change: TransferChange): Promise<boolean> {
  const { fields, config, memo, principal } = change;
  const { id } = before;
  const { workspaceId, actor } = principal;
  const was = fieldsOf(before);
  const now: TransferFields = { ...was, ...definedOnly(fields) };
  let revision = before.revision;
  const current = config === undefined ? undefined : await keptConfig(trx, before, revision);
  const isAnother =
    config !== undefined &&
    current !== undefined &&
    !(sameConfig(config.config, current.config) && isDeepStrictEqual(restOf(config), restOf(current)));
  if (isAnother) {
    revision += 1;
    await trx.deleteFrom('connection_use').where('definition_id', '=', id).execute();
    await addRevisions(trx, [{ id, no: revision, config, memo, author: actor }]);
  }
  const labelIds = [...now.labelIds].sort();
  if (!isAnother && isDeepStrictEqual({ ...now, labelIds }, { ...was, labelIds: [...was.labelIds].sort() }))
    return false;
  const version = before.version + 1;
  await rememberChange(trx, { id, version, actor, before: { ...was, revision: before.revision } });
  const update = trx
    .updateTable('definition')
    .set({
      name: now.name,
      description: now.description,
      group_id: now.groupId,
      is_enabled: now.isEnabled,
      run_options: json(now.runOptions),
      revision,
      version,
      updated_by: actor,
      updated_at: sql<string>`dispatch.now()`,
      ...(isAnother ? { search_text: await searchText(config.config, change.catalog) } : {}),
    })
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId);
  await namedOnce('transfer', now.name, () => update.execute());
  await setLabels(trx, { id, workspaceId, labelIds });
  if (now.seats !== was.seats) await setSeats(trx, id, now);
  return true;
}

/** Beside the configuration. */
function restOf({ yaml, variables: { declared } }: KeptConfig): unknown {
  return { yaml, declared };
}

export function fieldsOf(row: TransferRow): TransferFields {
  return {
    name: row.name,
    description: row.description,
    groupId: row.group_id,
    isEnabled: row.is_enabled,
    // What an older release kept lacks what has come since: sent back as it is shown, it is the same.
    runOptions: runOptions.parse(row.run_options),
    labelIds: row.label_ids,
    seats: row.seats,
  };
}

/** Of a row that is locked; refused while a run of it has not ended. */
export async function deleteTransfer(trx: Db, { id, name, workspace_id: workspaceId }: TransferRow): Promise<void> {
  const live = await trx
    .selectFrom('run')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('definition_id', '=', id)
    .where('terminal_at', 'is', null)
    .limit(USERS_MAX)
    .execute();
  if (live.length > 0) {
    const users = live.map((run) => ({ kind: 'run' as const, id: run.id, name: run.id }));
    throw new Refusal(definitionErrors.error('RESOURCE_IN_USE', { kind: 'transfer', name }), 409, { users });
  }
  const scopes = [id, turnScope(id).id];
  await trx.deleteFrom('seat_limit').where('scope_kind', '=', 'definition').where('scope_id', 'in', scopes).execute();
  await trx.deleteFrom('definition').where('id', '=', id).where('workspace_id', '=', workspaceId).execute();
}

async function searchText(config: JsonObject, catalog: Catalog): Promise<string> {
  return searchTextOf(config, await secretPlaces(config, catalog));
}

interface NewRevision {
  readonly id: string;
  readonly no: number;
  readonly config: CheckedConfig;
  readonly memo: string;
  readonly author: string;
}

/** With what they use, which is what the definitions use from now on. */
async function addRevisions(trx: Db, revisions: readonly NewRevision[]): Promise<void> {
  const rows = revisions.map(({ id, no, config: { config, yaml, variables }, memo, author }) => {
    const text = { yaml: yaml?.text ?? null, yaml_dialect: yaml?.dialect ?? null };
    return { definition_id: id, no, config: json(config), variables: json(variables), ...text, memo, author };
  });
  await trx.insertInto('revision').values(rows).execute();
  const uses = revisions.flatMap(({ id, config }) =>
    config.connectionIds.map((connectionId) => ({ definition_id: id, connection_id: connectionId })),
  );
  if (uses.length > 0) await trx.insertInto('connection_use').values(uses).execute();
}

async function addLabels(
  trx: Db,
  transfers: readonly { readonly id: string; readonly labelIds: readonly string[] }[],
): Promise<void> {
  const rows = transfers.flatMap(({ id, labelIds }) =>
    [...new Set(labelIds)].map((labelId) => ({ definition_id: id, label_id: labelId })),
  );
  if (rows.length === 0) return;
  await trx
    .insertInto('definition_label')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function setLabels(
  trx: Db,
  { id, workspaceId, labelIds }: { id: string; workspaceId: string; labelIds: readonly string[] },
): Promise<void> {
  await assertLabels(trx, workspaceId, labelIds);
  await trx
    .deleteFrom('definition_label')
    .where('definition_id', '=', id)
    .where('label_id', '<>', sql<string>`all(${[...labelIds]}::text[])`)
    .execute();
  await addLabels(trx, [{ id, labelIds }]);
}

/** Throws when there is a label that the workspace has not. */
export async function assertLabels(db: Db, workspaceId: string, labelIds: readonly string[]): Promise<void> {
  if (labelIds.length === 0) return;
  const rows = await db
    .selectFrom('label')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', [...labelIds])
    .execute();
  const missing = labelIds.filter((id) => !rows.some((row) => row.id === id));
  if (missing.length === 0) return;
  throw invalid(missing.map((id) => ({ in: 'body', path: ['labelIds'], message: `there is no such label: ${id}` })));
}

async function setSeats(trx: Db, id: string, { seats, name }: Pick<TransferFields, 'seats' | 'name'>): Promise<void> {
  const scope = { scope_kind: 'definition', scope_id: id };
  if (seats === null) {
    await trx.deleteFrom('seat_limit').where('scope_kind', '=', 'definition').where('scope_id', '=', id).execute();
    return;
  }
  await trx
    .insertInto('seat_limit')
    .values({ ...scope, seats, label: `transfer ${name}` })
    .onConflict((conflict) => conflict.columns(['scope_kind', 'scope_id']).doUpdateSet({ seats }))
    .execute();
}

type Snapshot = TransferFields & { readonly revision: number };

async function rememberChange(
  trx: Db,
  { id, version, actor, before }: { id: string; version: number; actor: string; before: Snapshot },
): Promise<void> {
  await trx
    .insertInto('definition_change')
    .values({ definition_id: id, version, actor, before: json(before) })
    .execute();
  const oldest = version - CHANGES_KEPT;
  if (oldest <= 0) return;
  await trx.deleteFrom('definition_change').where('definition_id', '=', id).where('version', '<=', oldest).execute();
}

/** Of a row that is locked. Whoever changes an older version is told who changed it since, when, and what it was. */
export async function assertTransferVersion(
  trx: Db,
  row: TransferRow,
  { ifMatch, catalog }: { readonly ifMatch: number | '*' | undefined; readonly catalog: Catalog },
): Promise<void> {
  if (ifMatch === '*' || ifMatch === row.version) return;
  const isOne = ifMatch !== undefined && ifMatch >= 0;
  const params = { kind: 'transfer', version: row.version, given: isOne ? `version ${ifMatch}` : 'something else' };
  const error = httpErrors.error('MATCH_FAILED', params);
  const changes = await trx
    .selectFrom('definition_change')
    .selectAll()
    .where('definition_id', '=', row.id)
    .where('version', '>', isOne ? ifMatch : row.version)
    .orderBy('version')
    .execute();
  const [first] = changes;
  const last = changes.at(-1);
  if (first === undefined || last === undefined) throw new Refusal(error, 412);
  // One that is older than what is remembered: then what is known of the time since.
  const found = await changesSince(trx, row, { was: first.before as unknown as Snapshot, catalog });
  throw new Refusal(error, 412, {
    conflict: {
      version: row.version,
      changedBy: last.actor,
      changedAt: last.at,
      fields: [...new Set(found.map(({ path }) => String(path[0])))],
      changes: found,
    },
  });
}

async function changesSince(
  trx: Db,
  row: TransferRow,
  { was, catalog }: { readonly was: Snapshot; readonly catalog: Catalog },
): Promise<ConfigChange[]> {
  const isSecret = (): boolean => false;
  const { revision, ...fields } = was;
  const plain = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
  const changes = configChanges({ config: plain(fields), isSecret }, { config: plain(fieldsOf(row)), isSecret });
  if (revision === row.revision) return changes;
  const [one, other] = [await keptConfig(trx, row, revision), await keptConfig(trx, row, row.revision)];
  const inConfig = configChanges(
    { config: one.config, isSecret: await secretPlaces(one.config, catalog) },
    { config: other.config, isSecret: await secretPlaces(other.config, catalog) },
  );
  return [...changes, ...inConfig.map((change) => ({ ...change, path: ['config', ...change.path] }))];
}
