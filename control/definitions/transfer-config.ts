/** What the control plane knows of a configuration: its sections, and the connections that they name. */
import type { FieldProblem } from '#api/problem.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';

type Section = JsonObject;
type Path = readonly (string | number)[];

/** The config with each of its sections as `map` makes it: `in`, `out` and the filters. */
export function withSections(config: JsonObject, map: (section: Section, path: Path) => Section): JsonObject {
  const mapped = (value: Json, path: Path): Json => (isJsonObject(value) ? map(value, path) : value);
  const changed: Record<string, Json> = {};
  for (const side of ['in', 'out'] as const) {
    const section = config[side];
    if (section !== undefined) changed[side] = mapped(section, [side]);
  }
  const { filters } = config;
  if (Array.isArray(filters)) {
    changed['filters'] = (filters as readonly Json[]).map((filter, index) => mapped(filter, ['filters', index]));
  }
  return { ...config, ...changed };
}

/** What sections say as `connection:`. */
export function namedConnections(config: JsonObject): readonly string[] {
  const names = new Set<string>();
  withSections(config, (section) => {
    const name = section['connection'];
    if (typeof name === 'string') names.add(name);
    return section;
  });
  return [...names];
}

export interface NamedConnection {
  readonly id: string;
  readonly name: string;
  readonly plugin: string;
}

export interface ReadConfig {
  /** Connections by id, and a type in each section that has a connection. */
  readonly config: JsonObject;
  readonly connectionIds: readonly string[];
  readonly errors: readonly FieldProblem[];
}

/**
 * The config as it is kept. What its plugins make of their options is theirs to say, in a guess, a preview or a run;
 * here it must have sections with a type or a connection that there is.
 */
export function readConfig(
  given: JsonObject,
  known: readonly NamedConnection[],
  sides: readonly ('in' | 'out')[],
): ReadConfig {
  const errors: FieldProblem[] = [];
  const ids = new Set<string>();
  const complain = (path: Path, message: string): void => {
    errors.push({ in: 'body', path: ['config', ...path], message });
  };
  for (const side of sides) if (!isJsonObject(given[side])) complain([side], 'a section with a type is needed here');
  if (given['filters'] !== undefined && !Array.isArray(given['filters'])) complain(['filters'], 'this must be a list');
  const config = withSections(given, (section, path) => {
    const { connection: name, type } = section;
    if (name === undefined) {
      if (!isType(type)) complain([...path, 'type'], 'the name of a plugin is needed here');
      return section;
    }
    const connection = known.find(({ id }) => id === name) ?? known.find((other) => other.name === name);
    if (connection === undefined) {
      complain([...path, 'connection'], `there is no such connection: ${shown(name)}`);
      return section;
    }
    if (type !== undefined && type !== connection.plugin) {
      complain([...path, 'type'], `the connection "${connection.name}" is one of ${connection.plugin}`);
    }
    ids.add(connection.id);
    return { ...section, type: connection.plugin, connection: connection.id };
  });
  return { config, connectionIds: [...ids].sort(), errors };
}

function isType(type: Json | undefined): boolean {
  return typeof type === 'string' ? type !== '' : isJsonObject(type);
}

const SHOWN_LENGTH_MAX = 100;

function shown(value: Json): string {
  return JSON.stringify(value).slice(0, SHOWN_LENGTH_MAX);
}
