/** From `type:` to the plugin, with good words when there is none. */
import type { RopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';
import type { AnyPlugin, Catalog, Kind } from '#spi/plugin.ts';
import { configErrors } from './errors.ts';
import { nearest } from './suggest.ts';
import { describeJson } from '#codec/yaml/yaml-reader.ts';
import type { ConfigPath } from '#codec/yaml/yaml-reader.ts';

/** The plugin of one of the kinds that `type` names. Throws with the place of the section. */
export function findPlugin(
  type: Json | undefined,
  path: ConfigPath,
  kinds: readonly Kind[],
  catalog: Catalog,
): AnyPlugin {
  const candidates = catalog.filter((plugin) => kinds.includes(plugin.kind));
  const names = candidates.map(({ name }) => name).sort();
  const name = typeName(type);
  if (name === undefined) throw typeMissing(type, path, names);
  const found = candidates.find((plugin) => plugin.name === name);
  if (found !== undefined) return found;
  const params = { kind: kindWords(kinds), name, advice: unknownAdvice(name, names, catalog) };
  throw configErrors.error('PLUGIN_UNKNOWN', params, { where: { path: [...path, 'type'] } });
}

/** `type: csv`, or Embulk's long form `type: {source: maven, name: csv, …}`. */
function typeName(type: Json | undefined): string | undefined {
  if (typeof type === 'string') return type;
  const name = isJsonObject(type) ? type['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function typeMissing(type: Json | undefined, path: ConfigPath, names: readonly string[]): RopewayError {
  const section = path.join('.');
  const known = names.join(', ');
  const isNull = type === null;
  const isOther = type !== undefined && !isNull;
  const nullAdvice =
    isNull && names.includes('null') ? ' An unquoted null is nothing in YAML: write `type: "null"`.' : '';
  const advice = isOther ? ` It is ${describeJson(type)}.` : nullAdvice;
  const where = { path: type === undefined ? path : [...path, 'type'] };
  return configErrors.error('PLUGIN_TYPE_MISSING', { section, known, advice }, { where });
}

function unknownAdvice(name: string, names: readonly string[], catalog: Catalog): string {
  const meant = nearest(name, names);
  if (meant !== undefined) return `Did you mean '${meant}'?`;
  const elsewhere = catalog.filter((plugin) => plugin.name === name).map(({ kind }) => kind.replace('_', ' '));
  const other = elsewhere.length === 0 ? '' : `'${name}' is a ${elsewhere.join(' and a ')}. `;
  return `${other}There are: ${names.join(', ')}.`;
}

function kindWords(kinds: readonly Kind[]): string {
  if (kinds.includes('input')) return 'input';
  return kinds.includes('output') ? 'output' : (kinds[0] ?? 'plugin');
}
