/** What is different between two contents. */
import { createHash } from 'node:crypto';
import { sameConfig } from '#codec/yaml/same-config.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Content, FilePath } from './resource-kind.ts';

export interface FieldChange {
  readonly path: FilePath;
  /** Undefined for what is not there. */
  readonly from: Json | undefined;
  readonly to: Json | undefined;
}

/** Each field that differs, as deep as both sides are mappings. */
export function fieldChanges(from: JsonObject, to: JsonObject, path: FilePath = []): readonly FieldChange[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    const [before, after] = [from[key], to[key]];
    const at = [...path, key];
    if (isJsonObject(before) && isJsonObject(after) && !isTagged(before) && !isTagged(after)) {
      return fieldChanges(before, after, at);
    }
    const isSame = before === undefined || after === undefined ? before === after : sameConfig(before, after);
    return isSame ? [] : [{ path: at, from: before, to: after }];
  });
}

/** Numbers that JSON cannot hold, and mappings whose order counts, are values. */
function isTagged(value: JsonObject): boolean {
  return Object.keys(value).some((key) => key.startsWith('$'));
}

/** The merge patch (RFC 7396) that makes the one into the other. */
export function mergePatchOf(from: JsonObject, to: JsonObject): JsonObject {
  const patch: Record<string, Json> = {};
  for (const key of Object.keys(from)) if (to[key] === undefined) patch[key] = null;
  for (const [key, after] of Object.entries(to)) {
    const before = from[key];
    if (after === undefined || (before !== undefined && sameConfig(before, after))) continue;
    patch[key] = isJsonObject(before) && isJsonObject(after) ? mergePatchOf(before, after) : after;
  }
  return patch;
}

/** The same with the keys of all mappings in the order of the alphabet: databases keep none. */
export function sortedKeys<Value extends Json>(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sortedKeys) as unknown as Value;
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, member]]));
  // It has the members of what it was made of.
  return Object.fromEntries(
    (entries as [string, Json][])
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => [key, sortedKeys(member)]),
  ) as Value;
}

/** All that differs, comments of configurations among it. */
export function contentChanges(from: Content, to: Content): readonly FieldChange[] {
  const changes = fieldChanges(from.fields, to.fields);
  const isOther = from.configText !== to.configText && !changes.some(({ path }) => path[0] === 'config');
  return isOther ? [...changes, { path: ['config'], from: 'as it is written', to: 'written otherwise' }] : changes;
}

export function digestOf({ fields, configText = '' }: Content): string {
  return createHash('sha256')
    .update(JSON.stringify([sortedKeys(fields), configText]))
    .digest('hex');
}
