/** Connections as files: options as in a config, secrets as places where they are looked up. */
import { z } from 'zod';
import { NAME_LENGTH_MAX } from '#api/fields.ts';
import { connectionCreate } from '#api/resources/connection.ts';
import type { Connection } from '#api/resources/connection.ts';
import { checkOptions } from '#control/definitions/connection-options.ts';
import { mergePatchOf, sortedKeys } from '#cli/files/json-change.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { Complaint, Content, Found, ResourceKind, World } from '#cli/files/resource-kind.ts';
import { joinOptions, put, splitOptions } from '#cli/files/secrets.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin } from '#spi/plugin.ts';

const { groupId: _, name, plugin, options } = connectionCreate.shape;

export const connections: ResourceKind = {
  kind: 'connection',
  folder: 'connections',
  creates: 'connections.create',
  schema: z.strictObject({
    name,
    plugin,
    group: z.string().min(1).max(NAME_LENGTH_MAX).nullable().default(null),
    options: options.default({}),
  }),
  fixed: ['plugin'],

  async *found(world) {
    const query = { limit: 200 };
    for await (const connection of world.client.items('connections.list', { query })) yield foundOf(connection, world);
  },

  async content(value, { catalog }, { rename }) {
    // The schema has checked them.
    const file = value as { name: string; plugin: string; group: string | null; options: JsonObject };
    const declared = pluginOf(catalog, file.plugin);
    const split =
      declared === undefined
        ? { plain: {}, secrets: new Map<string, null>(), complaints: [unknownPlugin(catalog, file.plugin)] }
        : await splitOptions(file.options, declared);
    const group = file.group === null ? null : rename('group', file.group);
    const fields = { plugin: file.plugin, group, options: sortedKeys(split.plain) };
    return { content: { name: file.name, fields, secrets: split.secrets }, complaints: split.complaints };
  },

  async settled(content, { catalog }) {
    const declared = pluginOf(catalog, String(content.fields['plugin']));
    if (declared === undefined) return { content, complaints: [] };
    const secretsSet = [...content.secrets].flatMap(([option, reference]) => (reference === null ? [] : [option]));
    const plain = content.fields['options'] as JsonObject;
    const { errors = [] } = await checkOptions(declared, { plain, set: new Map(), secretsSet });
    // A secret that the service has already need not be in the file: the service knows.
    const missing = (path: string): boolean => path.startsWith('options.') && !(path.slice(8) in plain);
    const complaints = errors
      .filter(({ path }) => !missing(path.join('.')))
      .map(({ path, message }): Complaint => ({ path, code: 'DEFINITION_FIELD', params: { reason: message } }));
    return { content, complaints };
  },

  references({ fields }) {
    const { group } = fields;
    return typeof group === 'string' ? [{ kind: 'group', name: group, path: ['group'] }] : [];
  },

  value: (content) => ({
    name: content.name,
    ...content.fields,
    options: sortedKeys(joinOptions(content.fields['options'] as JsonObject, content.secrets)),
  }),

  create: (world, content, secrets) =>
    world.client.call('connections.create', {
      body: {
        name: content.name,
        plugin: String(content.fields['plugin']),
        groupId: groupIdOf(world, content),
        options: withSecrets(content.fields['options'] as JsonObject, secrets),
      },
    }),

  update(world, { found, content, secrets }) {
    const [before, after] = [found.fields['options'], content.fields['options']] as [JsonObject, JsonObject];
    const removed = [...content.secrets].flatMap(([option, reference]) =>
      reference === null && found.secretsSet.includes(option) ? [[option, null] as const] : [],
    );
    const patch = withSecrets(mergePatchOf(before, after), new Map<string, Json>([...removed, ...secrets]));
    return world.client.call('connections.update', {
      params: { id: found.id },
      body: { groupId: groupIdOf(world, content), options: patch },
      ifMatch: etagOf(found.version),
    });
  },

  remove: async ({ client }, { id, version }) =>
    client.call('connections.delete', { params: { id }, ifMatch: etagOf(version) }),
};

function foundOf(connection: Connection, world: World): Found {
  const { id, name: itsName, version, groupId, options: plain, secretsSet } = connection;
  const group = groupId === null ? null : (world.name('group', groupId) ?? groupId);
  return {
    id,
    name: itsName,
    version,
    // It was JSON.
    fields: { plugin: connection.plugin, group, options: sortedKeys((plain ?? {}) as JsonObject) },
    secrets: new Map(),
    secretsSet: secretsSet ?? [],
    ...(plain === null ? { hidden: 'its options are shown from the role of an editor on' } : {}),
  };
}

export function pluginOf(catalog: World['catalog'], wanted: string): AnyPlugin | undefined {
  return catalog.find((each) => each.kind === 'connection' && each.name === wanted);
}

function unknownPlugin(catalog: World['catalog'], wanted: string): Complaint {
  const names = catalog.flatMap((each) => (each.kind === 'connection' ? [each.name] : []));
  return { path: ['plugin'], code: 'DEFINITION_PLUGIN', params: { name: wanted, names: names.sort().join(', ') } };
}

export function groupIdOf(world: World, { fields }: Content): string | null {
  const { group } = fields;
  if (typeof group !== 'string') return null;
  // A group that was to be there is one that the service does not know: it says so.
  return world.id('group', group) ?? group;
}

function withSecrets(plain: JsonObject, secrets: ReadonlyMap<string, Json>): JsonObject {
  let whole = plain;
  for (const [option, value] of secrets) whole = put(whole, option.split('.'), value);
  return whole;
}
