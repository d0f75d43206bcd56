/**
 * JSON paths, as far as a path says where one value is, or each of several: `$.a['b'][0][*]`. They are followed on
 * canonical JSON (spi/batch.ts), so that whatever they do not lead to stays byte for byte as it is.
 */
import type { ByteSink } from '#spi/byte-sink.ts';
import { elementAt, elements, equalsAt, memberAt, skipValue, visitMembers } from './navigate.ts';

export type JsonStep =
  | {
      readonly kind: 'name';
      readonly name: string;
      /** The name as canonical JSON has it, with its quotes. */
      readonly key: Uint8Array;
    }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' };

export interface JsonPath {
  /** In bracket form: two paths that lead to the same place have the same text. */
  readonly text: string;
  readonly steps: readonly JsonStep[];
}

/** Whether a name in a config is meant as a path. */
export function isJsonPath(text: string): boolean {
  return text.startsWith('$');
}

const bare = /\.([^.[\]()'"*,?@\s]+)/y;
const quoted = /\[\s*(?:'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)")\s*\]/y;
const indexed = /\[\s*(0|[1-9]\d{0,8})\s*\]/y;
const everything = /\[\s*\*\s*\]|\.\*/y;

/** What else there is in the language of paths, and cannot be used here. */
const refusals: readonly (readonly [RegExp, string])[] = [
  [/^\.\./, 'the scan (..) is not supported'],
  [/^\[\s*\?/, 'filters are not supported'],
  [/^\[\s*\(/, 'expressions are not supported'],
  [/^\[\s*-\d/, 'indexes from the end are not supported'],
  [/^\[[^\]'"]*:/, 'slices are not supported'],
  [/^\[[^\]]*,/, 'several names or indexes in one step are not supported'],
  [/^\(/, 'functions are not supported'],
];

/** Compiles a path; a text is the reason why it is none that can be used. */
export function parseJsonPath(text: string): JsonPath | string {
  if (!isJsonPath(text)) return 'it does not begin with $';
  const steps: JsonStep[] = [];
  let at = 1;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    const name = match(bare)?.[1] ?? quotedName(match(quoted));
    if (name !== undefined) {
      steps.push(nameStep(name));
      continue;
    }
    const index = match(indexed)?.[1];
    if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (match(everything) !== null) steps.push({ kind: 'all' });
    else return refusal(text, at);
  }
  return { text: jsonPathText(steps), steps };
}

export function jsonPathText(steps: readonly JsonStep[]): string {
  return `$${steps.map(stepText).join('')}`;
}

function stepText(step: JsonStep): string {
  if (step.kind === 'all') return '[*]';
  if (step.kind === 'index') return `[${step.index}]`;
  return `['${step.name.replace(/['\\]/g, '\\$&')}']`;
}

function quotedName(found: RegExpExecArray | null): string | undefined {
  return (found?.[1] ?? found?.[2])?.replace(/\\([^])/g, '$1');
}

function nameStep(name: string): JsonStep {
  return { kind: 'name', name, key: Buffer.from(JSON.stringify(name)) };
}

function refusal(text: string, at: number): string {
  const rest = text.slice(at);
  const known = refusals.find(([pattern]) => pattern.test(rest))?.[1];
  return `${known ?? `'${rest}' is not a step`} (at character ${at + 1})`;
}

/** Whether the path may lead to several values. */
export function isManifold({ steps }: JsonPath): boolean {
  return steps.some(({ kind }) => kind === 'all');
}

/** Position and end of a value. */
export type JsonRange = readonly [number, number];

/** The values that the steps lead to, from the value at `at` on, in their order. */
export function findJson(steps: readonly JsonStep[], bytes: Uint8Array, at: number): readonly JsonRange[] {
  let ranges: JsonRange[] = [[at, skipValue(bytes, at)]];
  for (const step of steps) ranges = ranges.flatMap(([start]) => childrenOf(step, bytes, start));
  return ranges;
}

/** The value that steps without `[*]` lead to. */
export function findOneJson(steps: readonly JsonStep[], bytes: Uint8Array, start: number): JsonRange | undefined {
  let at = start;
  for (const step of steps) {
    if (bytes[at] === 0x7b && step.kind === 'name') at = memberAt(bytes, at, step.key);
    else if (bytes[at] === 0x5b && step.kind === 'index') at = elementAt(bytes, at, step.index);
    else return undefined;
    if (at < 0) return undefined;
  }
  return [at, skipValue(bytes, at)];
}

/** Of several members of one name the first counts. */
function childrenOf(step: JsonStep, bytes: Uint8Array, at: number): JsonRange[] {
  const found: JsonRange[] = [];
  if (bytes[at] === 0x7b) {
    visitMembers(bytes, at, (keyStart, keyEnd, start, end) => {
      if (step.kind === 'all') found.push([start, end]);
      else if (found.length === 0 && isMember(step, bytes, keyStart, keyEnd)) found.push([start, end]);
    });
    return found;
  }
  if (bytes[at] !== 0x5b || step.kind === 'name') return found;
  let index = 0;
  for (const range of elements(bytes, at)) {
    if (step.kind === 'all' || step.index === index) found.push(range);
    index += 1;
  }
  return found;
}

/** Whether the key `bytes[keyStart, keyEnd)`, quotes included, is the step's name. */
export function isMember(step: JsonStep, bytes: Uint8Array, keyStart: number, keyEnd: number): boolean {
  return step.kind === 'name' && keyEnd - keyStart === step.key.length && equalsAt(bytes, keyStart, step.key);
}

/** Writes what is to stand in place of the value `bytes[start, end)`. */
export type JsonEdit = (sink: ByteSink, bytes: Uint8Array, start: number, end: number) => void;

/** Writes the value at `at`; those that the steps lead to (of several members of one name, all) as `edit` has them. */
export function rewriteJson(
  sink: ByteSink,
  bytes: Uint8Array,
  at: number,
  steps: readonly JsonStep[],
  edit: JsonEdit,
): void {
  const [step, ...deeper] = steps;
  const end = skipValue(bytes, at);
  if (step === undefined) {
    edit(sink, bytes, at, end);
  } else if (bytes[at] === 0x7b && step.kind !== 'index') {
    sink.writeByte(0x7b);
    visitMembers(bytes, at, (keyStart, keyEnd, start, valueEnd) => {
      if (keyStart > at + 1) sink.writeByte(0x2c);
      sink.writeBytes(bytes, keyStart, start);
      if (step.kind === 'all' || isMember(step, bytes, keyStart, keyEnd)) rewriteJson(sink, bytes, start, deeper, edit);
      else sink.writeBytes(bytes, start, valueEnd);
    });
    sink.writeByte(0x7d);
  } else if (bytes[at] === 0x5b && step.kind !== 'name') {
    sink.writeByte(0x5b);
    let index = 0;
    for (const [start, valueEnd] of elements(bytes, at)) {
      if (index > 0) sink.writeByte(0x2c);
      if (step.kind === 'all' || step.index === index) rewriteJson(sink, bytes, start, deeper, edit);
      else sink.writeBytes(bytes, start, valueEnd);
      index += 1;
    }
    sink.writeByte(0x5d);
  } else {
    sink.writeBytes(bytes, at, end);
  }
}
