/** Configurations of definitions, with names in the place of ids. */
import { sortedKeys } from './json-change.ts';
import type { Complaint, Reference, World } from './resource-kind.ts';
import { namedConnections, readConfig, withSections } from '#control/definitions/transfer-config.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';

export function withConnections(config: JsonObject, rename: (connection: string) => string): JsonObject {
  return withSections(config, (section) => {
    const { connection } = section;
    return typeof connection === 'string' ? { ...section, connection: rename(connection) } : section;
  });
}

export function configReferences(config: JsonObject): readonly Reference[] {
  const found: Reference[] = [];
  withSections(config, (section, path) => {
    const { connection } = section;
    if (typeof connection === 'string') {
      found.push({ kind: 'connection', name: connection, path: ['config', ...path, 'connection'] });
    }
    return section;
  });
  return found;
}

/** What is wrong with its sections. A connection that is not there is told of as a reference. */
export function configComplaints(config: JsonObject, world: World): readonly Complaint[] {
  const known = namedConnections(config).flatMap((name) => {
    const plugin = world.plugin(name);
    return plugin === undefined ? [] : [{ id: name, name, plugin }];
  });
  return readConfig(config, known, ['in', 'out'])
    .errors.filter(({ path }) => path.at(-1) !== 'connection')
    .map(({ path, message }) => ({ path, code: 'DEFINITION_FIELD', params: { reason: message } }));
}

/** What people write first comes first, the rest as the alphabet has it. */
const first = ['in', 'filters', 'out', 'exec', 'name', 'type', 'connection'];

/** For configurations that came as JSON, of which a database keeps no order. */
export function orderedConfig(value: JsonObject): JsonObject {
  return ordered(sortedKeys(value)) as JsonObject;
}

function ordered(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(ordered);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value);
  const sorted = [...first.filter((key) => keys.includes(key)), ...keys.filter((key) => !first.includes(key))];
  return Object.fromEntries(sorted.map((key) => [key, ordered(value[key] ?? null)]));
}

/** Names in the order of the alphabet, each once. */
export function sortedNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
