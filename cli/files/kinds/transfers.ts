/** Transfers as files: what the form has, and the configuration as it is written. */
import { z } from 'zod';
import { NAME_LENGTH_MAX } from '#api/fields.ts';
import { runOptions, transferCreate } from '#api/resources/transfer.ts';
import type { Transfer } from '#api/resources/transfer.ts';
import { namedConnections, readConfig, withSections } from '#control/definitions/transfer-config.ts';
import { inlineSecrets } from '#cli/files/inline-secrets.ts';
import { sortedKeys } from '#cli/files/json-change.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { Complaint, Content, Found, Reference, Rename, ResourceKind, World } from '#cli/files/resource-kind.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { groupIdOf } from './connections.ts';

const { name, description, isEnabled, config } = transferCreate.shape;

interface Fields extends JsonObject {
  readonly description: string;
  readonly group: string | null;
  readonly isEnabled: boolean;
  readonly runOptions: JsonObject;
  readonly config: JsonObject;
}

export const transfers: ResourceKind = {
  kind: 'transfer',
  folder: 'transfers',
  creates: 'transfers.create',
  schema: z.strictObject({
    name,
    description,
    group: z.string().min(1).max(NAME_LENGTH_MAX).nullable().default(null),
    isEnabled,
    runOptions: runOptions.prefault({}),
    config,
  }),

  async *found(world) {
    for await (const { id } of world.client.items('transfers.list', { query: { limit: 200 } })) {
      yield await foundOf(await world.client.call('transfers.get', { params: { id } }), world);
    }
  },

  async content(value, { catalog }, rename) {
    // The schema has checked them.
    const { name: itsName, ...file } = value as Fields & { name: string };
    const group = file.group === null ? null : rename('group', file.group);
    const renamed = withConnections(file.config, (connection) => rename('connection', connection));
    const fields: Fields = { ...file, group, config: orderedConfig(renamed) };
    const complaints = (await inlineSecrets(file.config, catalog)).map((path): Complaint => {
      const option = path.join('.');
      return { path: ['config', ...path], code: 'DEFINITION_SECRET_INLINE', params: { option } };
    });
    return { content: { name: itsName, fields, secrets: new Map() }, complaints };
  },

  async settled(content, world) {
    const fields = content.fields as Fields;
    const known = namedConnections(fields.config).flatMap((each) => {
      const plugin = world.plugin(each);
      return plugin === undefined ? [] : [{ id: each, name: each, plugin }];
    });
    const read = readConfig(fields.config, known, ['in', 'out']);
    // A connection that is not there is told of as a reference.
    const errors = read.errors.filter(({ path }) => path.at(-1) !== 'connection');
    return {
      content: { ...content, fields: { ...fields, config: orderedConfig(read.config) } },
      complaints: errors.map(({ path, message }) => ({ path, code: 'DEFINITION_FIELD', params: { reason: message } })),
    };
  },

  references({ fields }) {
    const { group, config: itsConfig } = fields as Fields;
    const found: Reference[] = group === null ? [] : [{ kind: 'group', name: group, path: ['group'] }];
    withSections(itsConfig, (section, path) => {
      const { connection } = section;
      if (typeof connection === 'string') {
        found.push({ kind: 'connection', name: connection, path: ['config', ...path, 'connection'] });
      }
      return section;
    });
    return found;
  },

  value: (content) => ({ name: content.name, ...content.fields }),

  create: (world, content) =>
    world.client.call('transfers.create', { body: { name: content.name, ...body(world, content) } }),
  update: (world, { found, content }) =>
    world.client.call('transfers.update', {
      params: { id: found.id },
      body: body(world, content),
      ifMatch: etagOf(found.version),
    }),
  remove: async ({ client }, { id, version }) =>
    client.call('transfers.delete', { params: { id }, ifMatch: etagOf(version) }),
};

async function foundOf(transfer: Transfer, world: World): Promise<Found> {
  const { id, name: itsName, version, groupId } = transfer;
  const unseen: string[] = [];
  const named: Rename = (_, connectionId) => {
    const known = world.name('connection', connectionId);
    if (known === undefined) unseen.push(connectionId);
    return known ?? connectionId;
  };
  // It was JSON.
  const itsConfig = withConnections(transfer.config as JsonObject, (each) => named('connection', each));
  const fields: Fields = {
    description: transfer.description,
    group: groupId === null ? null : (world.name('group', groupId) ?? groupId),
    isEnabled: transfer.isEnabled,
    runOptions: { ...transfer.runOptions } as unknown as JsonObject,
    config: orderedConfig(itsConfig),
  };
  const secret = await inlineSecrets(itsConfig, world.catalog);
  const reasons = [
    ...(unseen.length > 0 ? ['a connection of it may not be used with this token'] : []),
    ...(secret.length > 0
      ? [`secrets stand in its configuration (${secret.map((path) => path.join('.')).join(', ')})`]
      : []),
  ];
  const hidden = reasons.length > 0 ? { hidden: reasons.join('; ') } : {};
  return { id, name: itsName, version, fields, secrets: new Map(), secretsSet: [], ...hidden };
}

function withConnections(itsConfig: JsonObject, rename: (connection: string) => string): JsonObject {
  return withSections(itsConfig, (section) => {
    const { connection } = section;
    return typeof connection === 'string' ? { ...section, connection: rename(connection) } : section;
  });
}

/** What people write first comes first, the rest as the alphabet has it. */
const first = ['in', 'filters', 'out', 'exec', 'name', 'type', 'connection'];

function orderedConfig(value: JsonObject): JsonObject {
  return ordered(sortedKeys(value)) as JsonObject;
}

function ordered(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(ordered);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value);
  const sorted = [...first.filter((key) => keys.includes(key)), ...keys.filter((key) => !first.includes(key))];
  return Object.fromEntries(sorted.map((key) => [key, ordered(value[key] ?? null)]));
}

function body(
  world: World,
  content: Content,
): {
  description: string;
  groupId: string | null;
  isEnabled: boolean;
  runOptions: z.input<typeof runOptions>;
  config: Record<string, unknown>;
} {
  const fields = content.fields as Fields;
  return {
    description: fields.description,
    groupId: groupIdOf(world, content),
    isEnabled: fields.isEnabled,
    // The schema of the file is the one of the request.
    runOptions: fields.runOptions as z.input<typeof runOptions>,
    config: { ...fields.config },
  };
}
