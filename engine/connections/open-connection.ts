/** The connection that a section of a config names: its plugin, and the part of the options that is its own. */
import type { ConnectionUse } from '#spi/connections.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { JsonObject } from '#spi/json.ts';
import type { AnyPlugin, Catalog, Kind } from '#spi/plugin.ts';
import { configErrors } from '#engine/config/errors.ts';
import { findPlugin } from '#engine/config/plugin-lookup.ts';
import { resolveOptions } from '#engine/config/resolve.ts';
import { describeJson } from '#codec/yaml/yaml-reader.ts';
import { placed } from '#engine/section.ts';
import { connectionErrors } from './errors.ts';
import { secretValues } from './secrets.ts';

/** A connection of a config, ready to be used. */
export interface OpenConnection {
  readonly use: ConnectionUse;
  /** As in `type:`. */
  readonly type: string;
  readonly plugin: AnyPlugin<'connection'>;
  /** As the connection's own schema resolved it. */
  readonly config: JsonObject;
  /** Texts that must not be seen. */
  readonly secrets: readonly string[];
}

/** The connection, or everything that is wrong with it. */
export type Opened =
  | { readonly connection: OpenConnection; readonly errors: readonly [] }
  | { readonly connection?: undefined; readonly errors: readonly RopewayError[] };

const kindsOf: Readonly<Record<ConnectionUse, readonly Kind[]>> = {
  in: ['input', 'file_input'],
  out: ['output', 'file_output'],
};

/**
 * Reads the section of a config as far as its connection goes: what is only of the input or output may be missing or
 * wrong, because connections are tried before the rest is known.
 */
export async function openConnection(config: JsonObject, use: ConnectionUse, catalog: Catalog): Promise<Opened> {
  try {
    const section = sectionOf(config, use);
    const plugin = connectionPlugin(section, use, catalog);
    const schema = await plugin.config();
    const own = Object.fromEntries(Object.entries(section).filter(([key]) => Object.hasOwn(schema.shape, key)));
    const { config: resolved, errors } = resolveOptions(schema, own);
    if (errors.length > 0) {
      // Placing keeps errors of the model what they are.
      return { errors: errors.map((error) => placed({ path: [use] }, error) as RopewayError) };
    }
    const secrets = secretValues(schema, resolved);
    return { connection: { use, type: plugin.name, plugin, config: resolved, secrets }, errors: [] };
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return { errors: [error] };
  }
}

function sectionOf(config: JsonObject, use: ConnectionUse): JsonObject {
  const section = config[use];
  if (section === undefined || section === null) {
    const advice = 'Name a type and say where its system is.';
    throw configErrors.error('SECTION_MISSING', { section: use, advice });
  }
  if (isJsonObject(section)) return section;
  const params = { section: use, found: describeJson(section) };
  throw configErrors.error('SECTION_NOT_A_MAPPING', params, { where: { path: [use] } });
}

function connectionPlugin(section: JsonObject, use: ConnectionUse, catalog: Catalog): AnyPlugin<'connection'> {
  const { name } = findPlugin(section['type'], [use], kindsOf[use], catalog);
  const plugin = connectionsOf(catalog).find((member) => member.name === name);
  if (plugin !== undefined) return plugin;
  const known = connectionsOf(catalog).map((member) => member.name);
  const params = { side: sideWord(use), type: name, known: known.sort().join(', ') || 'none' };
  throw connectionErrors.error('CONNECTION_NONE', params, { where: { path: [use, 'type'] } });
}

function connectionsOf(catalog: Catalog): AnyPlugin<'connection'>[] {
  return catalog.filter((member): member is AnyPlugin<'connection'> => member.kind === 'connection');
}

export function sideWord(use: ConnectionUse): string {
  return use === 'in' ? 'input' : 'output';
}
