/** What may be secret in a configuration: it is not searched, and no comparison shows it. */
import type { Json, JsonObject } from '#spi/json.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { secretOptions } from './connection-options.ts';

/** Options that are secret whatever plugin they are of, known or not. */
const secretName =
  /passw|passphrase|secret|token|private_key|access_key|api_?key|credential|json_keyfile|authorization/i;

export type IsSecret = (path: readonly (string | number)[]) => boolean;

/** True of the places in it that are secret, and of everything in them. */
export async function secretPlaces(config: Json, catalog: Catalog): Promise<IsSecret> {
  const places = new Set<string>();
  const visit = async (value: Json, path: readonly (string | number)[]): Promise<void> => {
    if (Array.isArray(value)) {
      for (const [index, item] of (value as readonly Json[]).entries()) await visit(item, [...path, index]);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const name of await secretsOf(value, catalog)) places.add(JSON.stringify([...path, ...name.split('.')]));
    for (const [key, item] of Object.entries(value)) if (item !== undefined) await visit(item, [...path, key]);
  };
  await visit(config, []);
  return (path) =>
    path.some(
      (key, index) =>
        (typeof key === 'string' && secretName.test(key)) || places.has(JSON.stringify(path.slice(0, index + 1))),
    );
}

/** Of a section: those of all plugins of its name, whatever their kind. */
async function secretsOf({ type }: JsonObject, catalog: Catalog): Promise<readonly string[]> {
  if (typeof type !== 'string') return [];
  const names: string[] = [];
  for (const plugin of catalog) if (plugin.name === type) names.push(...(await secretOptions(plugin)));
  return names;
}

export const MASK = '***';

/** With `***` in place of each value that is secret. */
export function masked(value: Json, isSecret: IsSecret, path: readonly (string | number)[] = []): Json {
  if (path.length > 0 && isSecret(path)) return MASK;
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => masked(item, isSecret, [...path, index]));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, masked(item, isSecret, [...path, key])]],
    ),
  );
}

const SEARCH_LENGTH_MAX = 8000;
const TEXT_LENGTH_MAX = 500;

/** The texts that a search looks in: tables, buckets, paths, queries. */
export function searchTextOf(config: JsonObject, isSecret: IsSecret): string {
  const texts = new Set<string>();
  let length = 0;
  const visit = (value: Json, path: readonly (string | number)[]): void => {
    if (length > SEARCH_LENGTH_MAX || (path.length > 0 && isSecret(path))) return;
    if (typeof value === 'string') {
      const text = withoutCredentials(value).slice(0, TEXT_LENGTH_MAX);
      if (!texts.has(text)) length += text.length + 1;
      texts.add(text);
    } else if (Array.isArray(value)) {
      for (const [index, item] of (value as readonly Json[]).entries()) visit(item, [...path, index]);
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) if (item !== undefined) visit(item, [...path, key]);
    }
  };
  visit(config, []);
  return [...texts].join('\n').slice(0, SEARCH_LENGTH_MAX).toWellFormed();
}

/** Addresses may name who logs in, and keys in their queries. */
function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/@\s]{1,300}@/g, '//').replace(/([?&][^=&\s]{0,100})=[^&\s]*/g, '$1=');
}
