/** Laying one config over another: guessed settings over written ones, the last run's diff over the config. */
import { isBigInteger, isIntegralFloat, plainMapping } from '#spi/config-value.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';

/**
 * Embulk's deep merge: mappings key by key; lists index by index (the longer one's tail stays); anything else is
 * replaced by `over`, null included.
 */
export function mergeConfig(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json | undefined> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const before = merged[key];
    merged[key] = before === undefined ? value : mergeValue(before, value);
  }
  return merged;
}

function mergeValue(base: Json, over: Json): Json {
  if (isMapping(base) && isMapping(over)) return mergeConfig(plainMapping(base), plainMapping(over));
  if (Array.isArray(base) && Array.isArray(over)) return mergeLists(base as readonly Json[], over as readonly Json[]);
  return over;
}

function mergeLists(base: readonly Json[], over: readonly Json[]): Json {
  return Array.from({ length: Math.max(base.length, over.length) }, (_, index): Json => {
    const before = base[index];
    const value = over[index];
    if (value === undefined) return before ?? null;
    return before === undefined ? value : mergeValue(before, value);
  });
}

function isMapping(value: Json): value is JsonObject {
  return isJsonObject(value) && !isBigInteger(value) && !isIntegralFloat(value);
}
