/** Transfers as files: what the form has, and the configuration as it is written. Managed ones are made by theirs. */
import { z } from 'zod';
import { NAME_LENGTH_MAX } from '#api/fields.ts';
import { runOptions, transferCreate } from '#api/resources/transfer.ts';
import type { Transfer } from '#api/resources/transfer.ts';
import { editYaml } from '#codec/yaml/edit-yaml.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import { sameConfig } from '#codec/yaml/same-config.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';
import { configTextOf, fittingText } from '#cli/files/config-text.ts';
import { inlineSecrets } from '#cli/files/inline-secrets.ts';
import { configComplaints, configReferences, sortedNames, withConnections } from '#cli/files/named-config.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { Complaint, Content, Found, ResourceKind, World } from '#cli/files/resource-kind.ts';
import type { JsonObject } from '#spi/json.ts';
import { groupIdOf } from './connections.ts';

const { name, description, isEnabled, yamlDialect, seats, variables } = transferCreate.shape;
const reference = z.string().min(1).max(NAME_LENGTH_MAX);

interface Fields extends JsonObject {
  readonly description: string;
  readonly group: string | null;
  readonly labels: readonly string[];
  readonly isEnabled: boolean;
  readonly seats: number | null;
  readonly runOptions: JsonObject;
  readonly variables: readonly JsonObject[];
  readonly yamlDialect: YamlDialect;
  readonly config: JsonObject;
}

export const transfers: ResourceKind = {
  kind: 'transfer',
  folder: 'transfers',
  creates: 'transfers.create',
  schema: z.strictObject({
    name,
    description,
    group: reference.nullable().default(null),
    labels: z.array(reference).max(50).default([]),
    isEnabled,
    seats,
    runOptions: runOptions.prefault({}),
    variables,
    yamlDialect,
    config: z.record(z.string().max(200), z.unknown()),
  }),

  async *found(world) {
    for await (const { id, managedBy } of world.client.items('transfers.list', { query: { limit: 200 } })) {
      if (managedBy === null) yield await foundOf(await world.client.call('transfers.get', { params: { id } }), world);
    }
  },

  async content(value, { catalog }, { rename, text, variable }) {
    // The schema has checked them.
    const { name: itsName, ...file } = value as Fields & { name: string };
    const config = withConnections(file.config, (each) => rename('connection', each));
    const written = configTextOf(text, file.config, file.yamlDialect);
    const configText = sameConfig(config, file.config) ? written : editYaml(written, config, file.yamlDialect);
    const group = file.group === null ? null : rename('group', file.group);
    const itsVariables = file.variables.map((each) => {
      const other = each['kind'] === 'text' ? variable(String(each['name'])) : undefined;
      const named = withConnection(each, (connection) => rename('connection', connection));
      return other === undefined ? named : { ...named, value: other };
    });
    const fields: Fields = { ...file, group, labels: sortedNames(file.labels), variables: itsVariables, config };
    const complaints = (await inlineSecrets(file.config, catalog)).map((path): Complaint => {
      const option = path.join('.');
      return { path: ['config', ...path], code: 'DEFINITION_SECRET_INLINE', params: { option } };
    });
    return { content: { name: itsName, fields, configText, secrets: new Map() }, complaints };
  },

  async settled(content, world) {
    return { content, complaints: configComplaints((content.fields as Fields).config, world) };
  },

  references({ fields }) {
    const { group, labels, variables: itsVariables, config } = fields as Fields;
    return [
      ...(group === null ? [] : [{ kind: 'group', name: group, path: ['group'] } as const]),
      ...labels.map((each) => ({ kind: 'label', name: each, path: ['labels'] }) as const),
      ...itsVariables.flatMap(({ connection }, index) =>
        typeof connection !== 'string'
          ? []
          : [{ kind: 'connection', name: connection, path: ['variables', index, 'connection'] } as const],
      ),
      ...configReferences(config),
    ];
  },

  value({ name: itsName, fields }) {
    // Its text stands for the configuration.
    const { config: _, ...rest } = fields as Fields;
    return { name: itsName, ...rest };
  },

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
  const { id, name: itsName, version, groupId, yaml, yamlDialect: dialect } = transfer;
  const config = readYaml(yaml, itsName, dialect).value;
  const fields: Fields = {
    description: transfer.description,
    group: groupId === null ? null : (world.name('group', groupId) ?? groupId),
    labels: sortedNames(transfer.labelIds.map((each) => world.name('label', each) ?? each)),
    isEnabled: transfer.isEnabled,
    seats: transfer.seats,
    runOptions: { ...transfer.runOptions },
    variables: transfer.variables.map((each) =>
      withConnection({ ...each }, (connection) => world.name('connection', connection) ?? connection),
    ),
    yamlDialect: dialect,
    config,
  };
  const unseen = transfer.connectionIds.filter((each) => world.name('connection', each) === undefined);
  const secret = await inlineSecrets(config, world.catalog);
  const places = secret.map((path) => path.join('.')).join(', ');
  const reasons = [
    ...(unseen.length > 0 ? ['a connection of it may not be used with this token'] : []),
    ...(secret.length > 0 ? [`secrets stand in its configuration (${places})`] : []),
  ];
  const hidden = reasons.length > 0 ? { hidden: reasons.join('; ') } : {};
  const configText = fittingText(yaml, config, dialect);
  return { id, name: itsName, version, fields, configText, secrets: new Map(), secretsSet: [], ...hidden };
}

function body(
  world: World,
  content: Content,
): {
  description: string;
  groupId: string | null;
  isEnabled: boolean;
  runOptions: z.input<typeof runOptions>;
  labelIds: string[];
  seats: number | null;
  variables: z.input<typeof variables>;
  yaml: string;
  yamlDialect: YamlDialect;
} {
  const fields = content.fields as Fields;
  return {
    description: fields.description,
    groupId: groupIdOf(world, content),
    isEnabled: fields.isEnabled,
    runOptions: fields.runOptions,
    labelIds: fields.labels.map((each) => world.id('label', each) ?? each),
    seats: fields.seats,
    // As of the run options.
    variables: fields.variables as unknown as z.input<typeof variables>,
    yaml: content.configText ?? '',
    yamlDialect: fields.yamlDialect,
  };
}

/** Of a variable that asks a database. */
function withConnection(variable: JsonObject, rename: (connection: string) => string): JsonObject {
  const { connection } = variable;
  return typeof connection === 'string' ? { ...variable, connection: rename(connection) } : variable;
}
