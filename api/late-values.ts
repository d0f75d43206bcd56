/**
 * Values that are not known yet when a run is created: texts with places for them, and what fills the places. Those of
 * its start are filled by the control plane when it is claimed, those of queries by the runner.
 */
import { z } from 'zod';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { timeUnit } from './resources/variable.ts';

/** Keys from the top of the configuration. */
export const insertedPath = z.array(z.union([z.string(), z.int()]));
export type InsertedPath = z.output<typeof insertedPath>;

/** Pieces of a text, one after the other: as they are, or the value of a key (`in.date`). */
const parts = z.array(z.union([z.string(), z.object({ key: z.string() })]));
export type TextPart = z.output<typeof parts>[number];

export const textUse = z.enum(['text', 'line', 'name', 'path', 'url', 'code']);

/** A text of the configuration. */
export const textPlace = z.object({ path: insertedPath, use: textUse, parts });
export type TextPlace = z.output<typeof textPlace>;

export const lateValues = z.object({
  places: z.array(textPlace),
  /** About the instant at which the run began. */
  starts: z.array(
    z.object({ key: z.string(), quantity: z.int(), unit: timeUnit, format: z.string(), time_zone: z.string() }),
  ),
  queries: z.array(
    z.object({
      key: z.string(),
      handle: z.string(),
      query: parts,
      missing: z.string().optional(),
      format: z.string(),
      time_zone: z.string(),
      timeout_s: z.int(),
      on_retry: z.enum(['keep', 'ask']),
    }),
  ),
});
export type LateValues = z.output<typeof lateValues>;

export type Values = ReadonlyMap<string, string>;

/** `in.date`. */
export function valueKey({ name, side }: { readonly name: string; readonly side: string }): string {
  return `${side}.${name}`;
}

/** With the known values in place, and neighbours joined: one piece of text when all are known. */
export function filledParts(given: readonly TextPart[], values: Values): TextPart[] {
  const filled: TextPart[] = [];
  for (const part of given) {
    const text = typeof part === 'string' ? part : values.get(part.key);
    const last = filled.at(-1);
    // A part that is no text names a key whose value is not known.
    if (text === undefined) filled.push(part);
    else if (typeof last === 'string') filled[filled.length - 1] = last + text;
    else filled.push(text);
  }
  return filled;
}

/** Undefined while a value is missing. */
export function wholeText(given: readonly TextPart[]): string | undefined {
  if (given.length === 0) return '';
  const [only] = given;
  return given.length === 1 && typeof only === 'string' ? only : undefined;
}

/** The text as a person wrote it, where values are missing. */
export function writtenText(given: readonly TextPart[]): string {
  return given.map((part) => (typeof part === 'string' ? part : `$${part.key.replace(/^[^.]*\./, '')}$`)).join('');
}

/** The config with the texts of the places that are complete; the others stay. */
export function filledPlaces(
  config: JsonObject,
  places: readonly TextPlace[],
  values: Values,
): { readonly config: JsonObject; readonly places: TextPlace[] } {
  let filled: Json = config;
  const rest: TextPlace[] = [];
  for (const place of places) {
    const pieces = filledParts(place.parts, values);
    const text = wholeText(pieces);
    if (text === undefined) rest.push({ ...place, parts: pieces });
    else filled = withText(filled, place.path, text);
  }
  // Texts were put into an object.
  return { config: filled as JsonObject, places: rest };
}

/** A copy with another text at the path; a path that leads nowhere changes nothing. */
export function withText(value: Json, [key, ...rest]: InsertedPath, text: string): Json {
  if (key === undefined) return typeof value === 'string' ? text : value;
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => (index === key ? withText(item, rest, text) : item));
  }
  const inner = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (!isJsonObject(value) || inner === undefined) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === key ? withText(inner, rest, text) : item]),
  );
}

// oxlint-disable-next-line no-control-regex -- that is what is refused
const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Why a value cannot stand in such a text, whoever gave it; undefined when it can. */
export function misplaced(value: string, use: z.output<typeof textUse>): string | undefined {
  if (value.includes('\u0000')) return 'it holds a NUL';
  if (use === 'text' || use === 'code') return undefined;
  if (controlCharacter.test(value)) return 'it holds a line break or another control character';
  return use === 'url' && /[\s\\]/.test(value) ? 'an address has no blanks and no backslashes' : undefined;
}
