/** Whether two configs say the same, and which members of two lists belong together. */
import { isBigInteger, isIntegralFloat, isOrderedMapping } from '#spi/config-value.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { floatValue } from './plain-scalar.ts';

/** The same but for the order of keys; where an order was kept on both sides (`$entries`), in that order. */
export function sameConfig(one: Json, other: Json): boolean {
  const [a, b] = [plainNumber(one), plainNumber(other)];
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameLists(a, b);
  if (!isJsonObject(a) || !isJsonObject(b)) return a === b;
  if (isTagged(a) || isTagged(b)) return JSON.stringify(a) === JSON.stringify(b);
  const [mine, theirs] = [entriesOf(a), entriesOf(b)];
  if (mine.length !== theirs.length) return false;
  const isOrdered = isOrderedMapping(a) && isOrderedMapping(b);
  if (isOrdered && mine.some(([key], index) => key !== theirs[index]?.[0])) return false;
  const values = new Map(theirs);
  return mine.every(([key, value]) => {
    const match = values.get(key);
    return match !== undefined && sameConfig(value, match);
  });
}

function sameLists(a: readonly Json[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((item, index) => sameConfig(item, b[index] ?? null));
}

/** A number that JSON cannot hold exactly is what the reader of YAML makes of it. */
function plainNumber(value: Json): Json {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? floatValue(value) : value;
}

function isTagged(value: JsonObject): boolean {
  return isBigInteger(value) || isIntegralFloat(value);
}

/** Of a mapping, in its order. */
export function entriesOf(value: JsonObject): readonly (readonly [string, Json])[] {
  if (isOrderedMapping(value) && value.$entries.every(isEntry)) return value.$entries;
  return Object.entries(value).flatMap(([key, member]): [string, Json][] =>
    member === undefined ? [] : [[key, member]],
  );
}

function isEntry(entry: unknown): boolean {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string';
}

/** Longer parts that differ are compared by what is equal alone, not by the longest common sequence. */
const CELLS_MAX = 1_000_000;
/** What tells members of a list apart, the first that both have. */
const identities = ['name', 'id', 'type'] as const;

/**
 * For each member of `after` the place in `before` of what it was, or undefined when it is new: what is equal first,
 * wherever it stands; then what has the same name; then what is left, in order.
 */
export function alignLists(before: readonly Json[], after: readonly Json[]): readonly (number | undefined)[] {
  const [left, right] = [before.map(textOf), after.map(textOf)];
  const found: (number | undefined)[] = Array.from({ length: after.length }, () => undefined);
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) {
    found[start] = start;
    start += 1;
  }
  let [endA, endB] = [left.length, right.length];
  while (endA > start && endB > start && left[endA - 1] === right[endB - 1]) found[--endB] = --endA;
  if ((endA - start) * (endB - start) <= CELLS_MAX) {
    for (const [a, b] of commonSequence(left.slice(start, endA), right.slice(start, endB))) {
      found[start + b] = start + a;
    }
  }
  const taken = new Set(found);
  const restA = range(start, endA).filter((index) => !taken.has(index));
  const restB = range(start, endB).filter((index) => found[index] === undefined);
  const keys = [
    { a: left, b: right },
    ...identities.map((name) => ({ a: before.map((item) => part(item, name)), b: after.map((i) => part(i, name)) })),
    { a: before.map(kindOf), b: after.map(kindOf) },
  ];
  for (const { a, b } of keys) pairUp({ a, b, restA, restB, found });
  return found;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

interface Pairing {
  readonly a: readonly (string | undefined)[];
  readonly b: readonly (string | undefined)[];
  restA: number[];
  restB: number[];
  readonly found: (number | undefined)[];
}

/** Pairs what has the same key, in order, and takes it out of the rests. */
function pairUp({ a, b, restA, restB, found }: Pairing): void {
  const places = new Map<string, number[]>();
  for (const index of restA.toReversed()) {
    const key = a[index];
    if (key !== undefined) places.set(key, [...(places.get(key) ?? []), index]);
  }
  const used = new Set<number>();
  for (const index of restB) {
    const place = places.get(b[index] ?? '')?.pop();
    if (place === undefined || b[index] === undefined) continue;
    found[index] = place;
    used.add(place);
  }
  restA.splice(0, restA.length, ...restA.filter((index) => !used.has(index)));
  restB.splice(0, restB.length, ...restB.filter((index) => found[index] === undefined));
}

/** The pairs of places of a longest common sequence, in order. */
export function commonSequence(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [down = 0, right = 0] = [lengths[(i + 1) * width + j], lengths[i * width + j + 1]];
      const across = lengths[(i + 1) * width + j + 1] ?? 0;
      lengths[i * width + j] = a[i] === b[j] ? across + 1 : Math.max(down, right);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return pairs;
}

/** The same text for the same value, whatever the order of keys. */
function textOf(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = entriesOf(value).map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`);
  return `{${entries.sort().join()}}`;
}

function part(value: Json, name: string): string | undefined {
  const member = isJsonObject(value) ? value[name] : undefined;
  return typeof member === 'string' ? `${name} ${member}` : undefined;
}

function kindOf(value: Json): string {
  return Array.isArray(value) ? 'list' : isJsonObject(value) ? 'mapping' : 'scalar';
}
