/** Managed transfers as files. The transfers that they make are no files: which tables are there is no definition. */
import { z } from 'zod';
import { NAME_LENGTH_MAX } from '#api/fields.ts';
import { managedTransferCreate } from '#api/resources/managed-transfer.ts';
import type { ManagedTransfer } from '#api/resources/managed-transfer.ts';
import { withSections } from '#control/definitions/transfer-config.ts';
import { inlineSecrets } from '#cli/files/inline-secrets.ts';
import {
  configComplaints,
  configReferences,
  orderedConfig,
  sortedNames,
  withConnections,
} from '#cli/files/named-config.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { Complaint, Content, Found, ResourceKind, World } from '#cli/files/resource-kind.ts';
import type { JsonObject } from '#spi/json.ts';
import { groupIdOf } from './connections.ts';

const { groupId: _, connectionId: __, labelIds: ___, ...plain } = managedTransferCreate.shape;
const reference = z.string().min(1).max(NAME_LENGTH_MAX);

interface Fields extends JsonObject {
  readonly group: string | null;
  readonly connection: string;
  readonly labels: readonly string[];
  readonly config: JsonObject;
}

export const managedTransfers: ResourceKind = {
  kind: 'managed',
  folder: 'managed-transfers',
  creates: 'managedTransfers.create',
  schema: z.strictObject({
    name: plain.name,
    description: plain.description,
    group: reference.nullable().default(null),
    labels: z.array(reference).max(50).default([]),
    connection: reference,
    path: plain.path,
    include: plain.include,
    exclude: plain.exclude,
    namePrefix: plain.namePrefix,
    runOptions: plain.runOptions,
    config: plain.config,
  }),

  async *found(world) {
    for await (const each of world.client.items('managedTransfers.list')) yield await foundOf(each, world);
  },

  async content(value, { catalog }, { rename }) {
    // The schema has checked them.
    const { name, ...file } = value as Fields & { name: string };
    const fields: Fields = {
      ...file,
      group: file.group === null ? null : rename('group', file.group),
      connection: rename('connection', file.connection),
      labels: sortedNames(file.labels),
      config: orderedConfig(withConnections(file.config, (each) => rename('connection', each))),
    };
    const complaints = (await inlineSecrets(file.config, catalog)).map((path): Complaint => {
      const option = path.join('.');
      return { path: ['config', ...path], code: 'DEFINITION_SECRET_INLINE', params: { option } };
    });
    return { content: { name, fields, secrets: new Map() }, complaints };
  },

  async settled(content, world) {
    const { config } = content.fields as Fields;
    return {
      // As the service keeps it: with the type of what a section connects to.
      content: { ...content, fields: { ...content.fields, config: orderedConfig(withTypes(config, world)) } },
      complaints: configComplaints(config, world),
    };
  },

  references({ fields }) {
    const { group, labels, connection, config } = fields as Fields;
    return [
      ...(group === null ? [] : [{ kind: 'group', name: group, path: ['group'] } as const]),
      ...labels.map((each) => ({ kind: 'label', name: each, path: ['labels'] }) as const),
      { kind: 'connection', name: connection, path: ['connection'] },
      ...configReferences(config),
    ];
  },

  value: ({ name, fields }) => ({ name, ...fields }),

  create: (world, content) => world.client.call('managedTransfers.create', { body: body(world, content) }),
  update: (world, { found, content }) =>
    world.client.call('managedTransfers.update', {
      params: { id: found.id },
      body: body(world, content),
      ifMatch: etagOf(found.version),
    }),
  // What it made stays, as ordinary transfers.
  remove: async ({ client }, { id, version }) =>
    client.call('managedTransfers.delete', { params: { id }, ifMatch: etagOf(version) }),
};

async function foundOf(managed: ManagedTransfer, world: World): Promise<Found> {
  const unseen: string[] = [];
  const connection = (id: string): string => {
    const known = world.name('connection', id);
    if (known === undefined) unseen.push(id);
    return known ?? id;
  };
  const { id, name, version, groupId, connectionId, labelIds } = managed;
  // It was JSON.
  const config = withConnections(managed.config as JsonObject, connection);
  const fields: Fields = {
    description: managed.description,
    group: groupId === null ? null : (world.name('group', groupId) ?? groupId),
    labels: sortedNames(labelIds.map((each) => world.name('label', each) ?? each)),
    connection: connection(connectionId),
    path: managed.path,
    include: managed.include,
    exclude: managed.exclude,
    namePrefix: managed.namePrefix,
    runOptions: { ...managed.runOptions },
    config: orderedConfig(config),
  };
  const secret = await inlineSecrets(config, world.catalog);
  const reasons = [
    ...(unseen.length > 0 ? ['a connection of it may not be used with this token'] : []),
    ...(secret.length > 0 ? ['secrets stand in its configuration'] : []),
  ];
  const hidden = reasons.length > 0 ? { hidden: reasons.join('; ') } : {};
  return { id, name, version, fields, secrets: new Map(), secretsSet: [], ...hidden };
}

function withTypes(config: JsonObject, world: World): JsonObject {
  return withSections(config, (section) => {
    const { connection } = section;
    const type = typeof connection === 'string' ? world.plugin(connection) : undefined;
    return type === undefined ? section : { ...section, type };
  });
}

function body(world: World, content: Content): z.input<typeof managedTransferCreate> {
  const { group: _group, connection, labels, ...rest } = content.fields as Fields;
  return {
    // The schema of the file is the one of the request.
    ...(rest as unknown as Omit<z.input<typeof managedTransferCreate>, 'name' | 'connectionId'>),
    name: content.name,
    groupId: groupIdOf(world, content),
    connectionId: world.id('connection', connection) ?? connection,
    labelIds: labels.map((each) => world.id('label', each) ?? each),
  };
}
