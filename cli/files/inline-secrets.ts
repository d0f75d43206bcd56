/** Secrets that stand in a configuration itself instead of in a connection. */
import { secretOptions } from '#control/definitions/connection-options.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { FilePath } from './resource-kind.ts';
import { valueAt } from './secrets.ts';

/** Values that come with each run are not in the configuration. */
const isFilledIn = (value: Json): boolean => typeof value === 'string' && /^\s*\{\{[^{}]*\}\}\s*$/.test(value);

/** Where they stand. Sections are asked about by all plugins of their type, whatever their kind. */
export async function inlineSecrets(value: Json, catalog: Catalog, path: FilePath = []): Promise<FilePath[]> {
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return (await Promise.all(items.map((item, index) => inlineSecrets(item, catalog, [...path, index])))).flat();
  }
  if (!isJsonObject(value)) return [];
  const { type } = value;
  const names = new Set<string>();
  for (const plugin of catalog) {
    if (plugin.name === type) for (const name of await secretOptions(plugin)) names.add(name);
  }
  const own = [...names].flatMap((name): FilePath[] => {
    const keys = name.split('.');
    const found = valueAt(value, keys);
    return found === undefined || found === null || isFilledIn(found) ? [] : [[...path, ...keys]];
  });
  const inner = await Promise.all(
    Object.entries(value).map(([key, member]) => inlineSecrets(member ?? null, catalog, [...path, key])),
  );
  return [...own, ...inner.flat()];
}
