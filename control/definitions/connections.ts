import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Catalog } from '#spi/plugin.ts';
import type { AnyPlugin } from '#spi/plugin.ts';
import type { JsonObject } from '#spi/json.ts';
import { ID_PATTERN } from '#api/fields.ts';
import type { ResourceReference } from '#api/problem.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { containing, makeCursor, namePattern, pageOfRows, readCursor } from '#control/http/cursor.ts';
import { SortedList, sortings } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal, invalid } from '#control/http/refusal.ts';
import type { RunCommands } from '#control/runs/run-commands.ts';
import { sealSecret } from '#control/secrets/envelope.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import { accountKey, changeOptions, checkOptions, secretOptions } from './connection-options.ts';
import type { OptionsChange } from './connection-options.ts';
import { connectionOf, selectConnections, theConnection, usersOfConnection } from './connection-row.ts';
import { shownUsers } from './shown-users.ts';
import type { ConnectionRow } from './connection-row.ts';
import { definitionErrors } from './errors.ts';
import { assertGroup } from './groups.ts';
import { startLook } from './looks.ts';
import { misdirected } from './secret-destination.ts';
import { assertVersion, namedOnce } from './versions.ts';

type Db = Store['db'];

export interface ConnectionParts {
  readonly store: Pick<Store, 'db'>;
  readonly catalog: Catalog;
  readonly keys: KeyRing;
  readonly commands: RunCommands;
}

type Handlers = HandlersOf<'connections'>;

export function connectionHandlers(parts: ConnectionParts): Handlers {
  return { ...readHandlers(parts.store.db), ...writeHandlers(parts), ...lookHandlers(parts) };
}

type ReadId = 'connections.list' | 'connections.get' | 'connections.users';
type WriteId = 'connections.create' | 'connections.update' | 'connections.delete';

function readHandlers(db: Db): Pick<Handlers, ReadId> {
  return {
    async 'connections.list'({ query, principal }) {
      const list = new SortedList(`connections.${query.sort}`, query, sortings[query.sort]);
      let rows = selectConnections(db, principal.workspaceId);
      rows = rows.where(visibleTo(principal, 'group_id', 'operator'));
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      if (query.plugin !== undefined) rows = rows.where('plugin', '=', query.plugin);
      if (query.groupId !== undefined) rows = rows.where('group_id', '=', query.groupId);
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, (row) => connectionOf(row, principal));
    },

    async 'connections.get'({ params, principal }) {
      return connectionOf(await theConnection(db, params.id, principal.workspaceId), principal);
    },

    async 'connections.users'({ params, query, principal }) {
      const { id } = await theConnection(db, params.id, principal.workspaceId);
      const after = readCursor('users', query.cursor, [namePattern, ID_PATTERN]);
      let rows = db
        .selectFrom('connection_use')
        .innerJoin('definition', 'definition.id', 'connection_use.definition_id')
        .select(['definition.kind', 'definition.id', 'definition.name'])
        .where('connection_use.connection_id', '=', id)
        .where('definition.workspace_id', '=', principal.workspaceId)
        .where(visibleTo(principal, 'definition.group_id'));
      if (after !== undefined) {
        rows = rows.where(sql<boolean>`(definition.name, definition.id) > (${after[0]}, ${after[1]})`);
      }
      const found = await rows
        .orderBy('definition.name')
        .orderBy('definition.id')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(found, query.limit, {
        item: (row): ResourceReference => row,
        cursor: ({ name, id }) => makeCursor('users', [name, id]),
      });
    },
  };
}

function writeHandlers({ store: { db }, catalog, keys }: ConnectionParts): Pick<Handlers, WriteId> {
  return {
    async 'connections.create'({ body, principal }) {
      const plugin = connectionPlugin(catalog, body.plugin);
      const before = { plain: {}, secretsSet: [] };
      // It has come as JSON.
      const change = changeOptions(before, body.options as JsonObject, await secretOptions(plugin));
      const id = newId();
      const key = await checkedAccount(plugin, change, id);
      await assertGroup(db, body.groupId, principal);
      const row = {
        id,
        workspace_id: principal.workspaceId,
        group_id: body.groupId,
        name: body.name,
        plugin: plugin.name,
        config: json(change.plain),
        secrets: json(envelopes(keys, id, change)),
        account_key: key,
      };
      await namedOnce('connection', body.name, () => db.insertInto('connection').values(row).execute());
      return connectionOf(await theConnection(db, id, principal.workspaceId), principal);
    },

    async 'connections.update'({ params: { id }, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theConnection(trx, id, principal.workspaceId, true);
        assertVersion('connection', before.version, ifMatch);
        await assertGroup(trx, body.groupId, principal);
        const row = {
          name: body.name ?? before.name,
          group_id: body.groupId === undefined ? before.group_id : body.groupId,
        };
        const options = await optionColumns({ catalog, keys }, before, body.options as JsonObject | undefined);
        const isSame = row.name === before.name && row.group_id === before.group_id && options === undefined;
        if (isSame) return connectionOf(before, principal);
        const update = trx
          .updateTable('connection')
          .set({ ...row, ...options, version: before.version + 1, updated_at: sql<string>`dispatch.now()` })
          .where('id', '=', id)
          .where('workspace_id', '=', principal.workspaceId);
        await namedOnce('connection', row.name, () => update.execute());
        return connectionOf(await theConnection(trx, id, principal.workspaceId), principal);
      });
    },

    async 'connections.delete'({ params: { id }, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const { name, version } = await theConnection(trx, id, principal.workspaceId, true);
        if (ifMatch !== undefined) assertVersion('connection', version, ifMatch);
        const { users, usersHidden } = shownUsers(await usersOfConnection(trx, id, principal.workspaceId), principal);
        if (users.length + usersHidden > 0) {
          throw new Refusal(definitionErrors.error('RESOURCE_IN_USE', { kind: 'connection', name }), 409, {
            users,
            usersHidden,
          });
        }
        await trx
          .deleteFrom('connection')
          .where('id', '=', id)
          .where('workspace_id', '=', principal.workspaceId)
          .execute();
      });
    },
  };
}

function lookHandlers({ store, commands }: ConnectionParts): Pick<Handlers, 'connections.test' | 'connections.browse'> {
  const look = async (
    request: Parameters<Handlers['connections.test']>[0] | Parameters<Handlers['connections.browse']>[0],
    kind: 'test' | 'browse',
  ): ReturnType<Handlers['connections.test']> => {
    const { params, body, principal, idempotencyKey } = request;
    const connection = await theConnection(store.db, params.id, principal.workspaceId);
    const { use, ...rest } = body;
    return startLook(
      { store, commands },
      {
        kind,
        principal,
        idempotencyKey,
        groupId: connection.group_id,
        config: { [use]: { connection: connection.id } },
        // The runner's word for it.
        arguments: { side: use, ...rest },
        variables: {},
      },
    );
  };
  return {
    'connections.test': (request) => look(request, 'test'),
    'connections.browse': (request) => look(request, 'browse'),
  };
}

function connectionPlugin(catalog: Catalog, name: string): AnyPlugin {
  const plugins = catalog.filter(({ kind }) => kind === 'connection');
  const found = plugins.find((plugin) => plugin.name === name);
  if (found !== undefined) return found;
  const names = plugins.map((plugin) => plugin.name).sort();
  const message = `there is no connection plugin "${name}"`;
  throw invalid([{ in: 'body', path: ['plugin'], message, hint: `There are: ${names.join(', ')}.` }]);
}

async function checkedAccount(plugin: AnyPlugin, change: OptionsChange, id: string): Promise<string> {
  const checked = await checkOptions(plugin, change);
  if (checked.errors !== undefined) throw invalid(checked.errors);
  return accountKey(plugin.name, checked.resolved, id);
}

function envelopes(keys: KeyRing, connectionId: string, { set }: OptionsChange): Record<string, string> {
  return Object.fromEntries([...set].map(([path, value]) => [path, sealSecret(keys, { connectionId, path }, value)]));
}

/** What a change of options makes of the columns; undefined when it changes nothing. */
async function optionColumns(
  { catalog, keys }: Pick<ConnectionParts, 'catalog' | 'keys'>,
  before: ConnectionRow,
  patch: JsonObject | undefined,
): Promise<object | undefined> {
  if (patch === undefined) return undefined;
  const plugin = connectionPlugin(catalog, before.plugin);
  const plain = before.config as JsonObject;
  const known = { plain, secretsSet: before.secrets_set };
  const change = changeOptions(known, patch, await secretOptions(plugin));
  const errors = misdirected(known, change);
  if (errors.length > 0) throw invalid(errors);
  const key = await checkedAccount(plugin, change, before.id);
  const isSame = isDeepStrictEqual([change.plain, change.secretsSet], [plain, before.secrets_set]);
  if (isSame && change.set.size === 0 && key === before.account_key) return undefined;
  const gone = before.secrets_set.filter((name) => !change.secretsSet.includes(name));
  const sealed = json(envelopes(keys, before.id, change));
  return {
    config: json(change.plain),
    secrets: sql`(secrets - ${gone}::text[]) || ${sealed}::jsonb`,
    account_key: key,
  };
}
