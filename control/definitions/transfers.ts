import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import type { RunOptions, Transfer } from '#api/resources/transfer.ts';
import type { Variable } from '#api/resources/variable.ts';
import { visibleTo } from '#control/auth/visible.ts';
import {
  containing,
  countPattern,
  instantPattern,
  makeCursor,
  namePattern,
  pageOfRows,
  readCursor,
} from '#control/http/cursor.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import type { KeptVariables } from '#control/variables/declare.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { definitionErrors } from './errors.ts';
import { assertGroup } from './groups.ts';
import { readGivenSettings } from './given-settings.ts';
import type { TransferParts } from './new-run.ts';
import { transferRunHandlers } from './transfer-runs.ts';
import { revisionSummaryOf, selectTransfers, theRevision, theTransfer, theTransferRow } from './transfer-row.ts';
import { transferSummaryOf } from './transfer-row.ts';
import type { TransferRow } from './transfer-row.ts';
import { assertVersion, namedOnce } from './versions.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'transfers'>;
type ReadId = 'transfers.list' | 'transfers.get' | 'transfers.revisions' | 'transfers.revision';
type WriteId = 'transfers.create' | 'transfers.update' | 'transfers.delete' | 'transfers.restore';

const bothSides = ['in', 'out'] as const;
const USERS_MAX = 100;

export function transferHandlers(parts: TransferParts): Handlers {
  return { ...readHandlers(parts.store.db), ...writeHandlers(parts), ...transferRunHandlers(parts) };
}

function readHandlers(db: Db): Pick<Handlers, ReadId> {
  return {
    async 'transfers.list'({ query, principal }) {
      const isByName = query.sort === 'name';
      const list = `transfers.${query.sort}`;
      const after = readCursor(list, query.cursor, [isByName ? namePattern : instantPattern, ID_PATTERN]);
      let rows = selectTransfers(db, principal.workspaceId).where(visibleTo(principal, 'group_id'));
      if (query.q !== undefined) {
        const pattern = containing(query.q);
        rows = rows.where((is) => is.or([is('name', 'ilike', pattern), is('description', 'ilike', pattern)]));
      }
      if (query.groupId !== undefined) rows = rows.where('group_id', '=', query.groupId);
      if (query.isEnabled !== undefined) rows = rows.where('is_enabled', '=', query.isEnabled);
      if (query.connectionId !== undefined) {
        rows = rows.where(
          'definition.id',
          'in',
          db.selectFrom('connection_use').select('definition_id').where('connection_id', '=', query.connectionId),
        );
      }
      if (after !== undefined) {
        const [position, id] = after;
        rows = rows.where(
          isByName
            ? sql<boolean>`(name, id) > (${position}, ${id})`
            : sql<boolean>`(updated_at, id) < (${position}::timestamptz, ${id})`,
        );
      }
      const direction = isByName ? 'asc' : 'desc';
      const sorted = rows.orderBy(isByName ? 'name' : 'updated_at', direction).orderBy('id', direction);
      return pageOfRows(await sorted.limit(query.limit + 1).execute(), query.limit, {
        item: transferSummaryOf,
        cursor: (row) => makeCursor(list, [isByName ? row.name : row.updated_at, row.id]),
      });
    },

    'transfers.get': ({ params, principal }) => theTransfer(db, params.id, principal.workspaceId),

    async 'transfers.revisions'({ params, query, principal }) {
      const transfer = await theTransferRow(db, params.id, principal.workspaceId);
      const after = readCursor('revisions', query.cursor, [countPattern]);
      let rows = db
        .selectFrom('revision')
        .select(['no', 'memo', 'author', 'created_at'])
        .where('definition_id', '=', transfer.id);
      if (after !== undefined) rows = rows.where('no', '<', Number(after[0]));
      const found = await rows
        .orderBy('no', 'desc')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(found, query.limit, {
        item: (row) => revisionSummaryOf(row, transfer.revision),
        cursor: ({ no }) => makeCursor('revisions', [String(no)]),
      });
    },

    async 'transfers.revision'({ params, principal }) {
      return theRevision(db, await theTransferRow(db, params.id, principal.workspaceId), params.no);
    },
  };
}

function writeHandlers({ store: { db }, catalog }: TransferParts): Pick<Handlers, WriteId> {
  return {
    async 'transfers.create'({ body, principal }) {
      const { workspaceId } = principal;
      return db.transaction().execute(async (trx) => {
        // It has come as JSON.
        const given = { config: body.config as JsonObject, declared: body.variables, sides: bothSides, catalog };
        const read = await readGivenSettings(trx, principal, given);
        await assertGroup(trx, body.groupId, principal);
        const row = {
          id: newId(),
          workspace_id: workspaceId,
          group_id: body.groupId,
          kind: 'transfer' as const,
          name: body.name,
          description: body.description,
          is_enabled: body.isEnabled,
          run_options: json(body.runOptions),
        };
        await namedOnce('transfer', body.name, () => trx.insertInto('definition').values(row).execute());
        await addRevision(trx, { ...read, id: row.id, no: 1, memo: body.memo, author: principal.actor });
        return theTransfer(trx, row.id, workspaceId);
      });
    },

    async 'transfers.update'({ params: { id }, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theTransferRow(trx, id, principal.workspaceId, true);
        assertVersion('transfer', before.version, ifMatch);
        await assertGroup(trx, body.groupId, principal);
        const { config, variables, memo, ...fields } = body;
        const settings = { config: config as JsonObject | undefined, variables };
        return change(trx, before, { fields, ...settings, memo: memo ?? '', principal, catalog });
      });
    },

    async 'transfers.restore'({ params: { id, no }, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theTransferRow(trx, id, principal.workspaceId, true);
        assertVersion('transfer', before.version, ifMatch);
        const { config, variables } = await theRevision(trx, before, no);
        const memo = body.memo ?? `Revision ${no} again.`;
        return change(trx, before, { fields: {}, config: config as JsonObject, variables, memo, principal, catalog });
      });
    },

    async 'transfers.delete'({ params: { id }, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const { name, version } = await theTransferRow(trx, id, principal.workspaceId, true);
        if (ifMatch !== undefined) assertVersion('transfer', version, ifMatch);
        const live = await trx
          .selectFrom('run')
          .select('id')
          .where('workspace_id', '=', principal.workspaceId)
          .where('definition_id', '=', id)
          .where('terminal_at', 'is', null)
          .where('state', 'in', ['QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF'])
          .limit(USERS_MAX)
          .execute();
        if (live.length > 0) {
          const users = live.map((run) => ({ kind: 'run' as const, id: run.id, name: run.id }));
          throw new Refusal(definitionErrors.error('RESOURCE_IN_USE', { kind: 'transfer', name }), 409, { users });
        }
        await trx.deleteFrom('seat_limit').where('scope_kind', '=', 'definition').where('scope_id', '=', id).execute();
        await trx
          .deleteFrom('definition')
          .where('id', '=', id)
          .where('workspace_id', '=', principal.workspaceId)
          .execute();
      });
    },
  };
}

interface TransferChange {
  readonly fields: {
    readonly name?: string | undefined;
    readonly description?: string | undefined;
    readonly groupId?: string | null | undefined;
    readonly isEnabled?: boolean | undefined;
    readonly runOptions?: RunOptions | undefined;
  };
  readonly config: JsonObject | undefined;
  readonly variables: readonly Variable[] | undefined;
  readonly memo: string;
  readonly principal: Principal;
  readonly catalog: Catalog;
}

/** Of a row that is locked. What is as it was makes no revision, and no new version when that was all. */
async function change(
  trx: Db,
  before: TransferRow,
  { fields, config, variables, memo, principal, catalog }: TransferChange,
): Promise<Transfer> {
  const { id } = before;
  const { workspaceId, actor } = principal;
  let no = before.revision;
  if (config !== undefined || variables !== undefined) {
    const current = await theRevision(trx, before, no);
    const read = await readGivenSettings(trx, principal, {
      config: config ?? (current.config as JsonObject),
      declared: variables ?? current.variables,
      sides: bothSides,
      catalog,
    });
    if (!isDeepStrictEqual([read.config, read.variables.declared], [current.config, current.variables])) {
      no += 1;
      await addRevision(trx, { ...read, id, no, memo, author: actor });
    }
  }
  const row = {
    name: fields.name ?? before.name,
    description: fields.description ?? before.description,
    group_id: fields.groupId === undefined ? before.group_id : fields.groupId,
    is_enabled: fields.isEnabled ?? before.is_enabled,
    revision: no,
  };
  const options = fields.runOptions ?? before.run_options;
  const isSame = Object.entries(row).every(([column, value]) => before[column as keyof typeof row] === value);
  if (isSame && isDeepStrictEqual(options, before.run_options)) return theTransfer(trx, id, workspaceId);
  const update = trx
    .updateTable('definition')
    .set({ ...row, run_options: json(options), version: before.version + 1, updated_at: sql<string>`dispatch.now()` })
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId);
  await namedOnce('transfer', row.name, () => update.execute());
  return theTransfer(trx, id, workspaceId);
}

interface NewRevision {
  readonly id: string;
  readonly no: number;
  readonly config: JsonObject;
  readonly variables: KeptVariables;
  readonly connectionIds: readonly string[];
  readonly memo: string;
  readonly author: string;
}

/** With what it uses, which is what the definition uses from now on. */
async function addRevision(trx: Db, revision: NewRevision): Promise<void> {
  const { id, no, config, variables, connectionIds, memo, author } = revision;
  await trx
    .insertInto('revision')
    .values({ definition_id: id, no, config: json(config), variables: json(variables), memo, author })
    .execute();
  await trx.deleteFrom('connection_use').where('definition_id', '=', id).execute();
  if (connectionIds.length === 0) return;
  const uses = connectionIds.map((connectionId) => ({ definition_id: id, connection_id: connectionId }));
  await trx.insertInto('connection_use').values(uses).execute();
}
