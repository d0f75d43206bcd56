/** What one configuration has that another has not: place by place, and as lines of text. */
import { alignLists, commonSequence, entriesOf, sameConfig } from '#codec/yaml/same-config.ts';
import { writeYaml } from '#codec/yaml/edit-yaml.ts';
import { CHANGES_MAX } from '#api/resources/config-change.ts';
import type { ConfigChange, ConfigDiff } from '#api/resources/config-change.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { masked } from './config-secrets.ts';
import type { IsSecret } from './config-secrets.ts';

type Path = readonly (string | number)[];

export interface Compared {
  readonly config: JsonObject;
  /** As it is shown; without one it is written. */
  readonly isSecret: IsSecret;
}

export function configDiff(before: Compared, after: Compared, names: readonly [string, string]): ConfigDiff {
  const changes = configChanges(before, after);
  const [one, other] = [textOf(before, changes, 'before'), textOf(after, changes, 'after')];
  return {
    changes: changes.slice(0, CHANGES_MAX),
    isCut: changes.length > CHANGES_MAX,
    text: unifiedDiff(one, other, names),
  };
}

/** In the order of what was. */
export function configChanges(before: Compared, after: Compared): ConfigChange[] {
  const changes: ConfigChange[] = [];
  compare(before.config, after.config, {
    path: [],
    isSecret: (path) => before.isSecret(path) || after.isSecret(path),
    add: (change) => changes.push(change),
    isFull: () => changes.length > CHANGES_MAX,
  });
  return changes;
}

interface Comparison {
  readonly path: Path;
  readonly isSecret: IsSecret;
  readonly add: (change: ConfigChange) => void;
  readonly isFull: () => boolean;
}

function compare(before: Json | undefined, after: Json | undefined, at: Comparison): void {
  if (at.isFull() || (before !== undefined && after !== undefined && sameConfig(before, after))) return;
  const { path } = at;
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  if (path.length > 0 && at.isSecret(path)) {
    at.add({ path: [...path], kind, isSecret: true });
    return;
  }
  if (isMapping(before) && isMapping(after)) return compareMappings(before, after, at);
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, at);
  at.add({
    path: [...path],
    kind,
    ...(before === undefined ? {} : { before: masked(before, (inner) => at.isSecret([...path, ...inner])) }),
    ...(after === undefined ? {} : { after: masked(after, (inner) => at.isSecret([...path, ...inner])) }),
  });
}

function isMapping(value: Json | undefined): value is JsonObject {
  return isJsonObject(value) && !('$integer' in value || '$float' in value);
}

function compareMappings(before: JsonObject, after: JsonObject, at: Comparison): void {
  const [was, is] = [new Map(entriesOf(before)), new Map(entriesOf(after))];
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    compare(was.get(key), is.get(key), { ...at, path: [...at.path, key] });
  }
}

function compareLists(before: readonly Json[], after: readonly Json[], at: Comparison): void {
  const from = alignLists(before, after);
  const kept = new Set(from);
  for (const [index, item] of before.entries()) {
    if (!kept.has(index)) compare(item, undefined, { ...at, path: [...at.path, index] });
  }
  for (const [index, item] of after.entries()) {
    const place = from[index];
    compare(place === undefined ? undefined : before[place], item, { ...at, path: [...at.path, index] });
  }
}

/** Of a secret that changed only that it did is said. */
function textOf({ config, isSecret }: Compared, changes: readonly ConfigChange[], side: 'before' | 'after'): string {
  const hidden = masked(config, isSecret);
  if (side === 'after') {
    for (const change of changes) {
      if (change.isSecret === true && change.kind === 'changed') put(hidden, change.path, '*** (another one)');
    }
  }
  // A mapping with some values hidden is one still.
  return writeYaml(hidden as JsonObject);
}

function put(value: Json, path: Path, text: string): void {
  const [last] = path.slice(-1);
  const holder = path.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], value);
  // Made a moment ago, for this alone.
  if (typeof holder === 'object' && holder !== null && last !== undefined) {
    (holder as Record<string, unknown>)[last] = text;
  }
}

const CONTEXT_LINES = 3;
/** Longer middles are shown as removed and added whole. */
const CELLS_MAX = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** As `diff -u` shows it; empty when both are the same. */
export function unifiedDiff(before: string, after: string, [from, to]: readonly [string, string]): string {
  if (before === after) return '';
  const lines = lineDiff(before.split('\n').slice(0, -1), after.split('\n').slice(0, -1));
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  let text = `--- ${from}\n+++ ${to}\n`;
  for (let next = 0; next < changed.length;) {
    const first = changed[next] ?? 0;
    let last = first;
    while ((changed[next] ?? Infinity) <= last + 2 * CONTEXT_LINES + 1) last = changed[next++] ?? last;
    const start = Math.max(0, first - CONTEXT_LINES);
    const hunk = lines.slice(start, last + CONTEXT_LINES + 1);
    text += `@@ -${range(lines, start, hunk, '+')} +${range(lines, start, hunk, '-')} @@\n`;
    text += hunk.map((line) => `${line.mark}${line.text}\n`).join('');
  }
  return text;
}

/** Where a hunk begins, and how long it is, in the text that has no lines of the other's mark. */
function range(lines: readonly Line[], start: number, hunk: readonly Line[], other: '+' | '-'): string {
  const before = lines.slice(0, start).filter(({ mark }) => mark !== other).length;
  const length = hunk.filter(({ mark }) => mark !== other).length;
  return `${length === 0 ? before : before + 1},${length}`;
}

function lineDiff(a: readonly string[], b: readonly string[]): Line[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const same = (text: string): Line => ({ mark: ' ', text });
  const [left, right] = [a.slice(start, endA), b.slice(start, endB)];
  const pairs = left.length * right.length <= CELLS_MAX ? commonSequence(left, right) : [];
  const middle: Line[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...pairs, [left.length, right.length] as const]) {
    middle.push(...left.slice(i, x).map((text): Line => ({ mark: '-', text })));
    middle.push(...right.slice(j, y).map((text): Line => ({ mark: '+', text })));
    if (x < left.length) middle.push(same(left[x] ?? ''));
    [i, j] = [x + 1, y + 1];
  }
  return [...a.slice(0, start).map(same), ...middle, ...a.slice(endA).map(same)];
}
