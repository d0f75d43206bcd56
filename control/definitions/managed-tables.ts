/** Which tables a managed transfer is for, what their transfers are called, and what a look at its connection found. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { ID_PATTERN, NAME_LENGTH_MAX } from '#api/fields.ts';
import type { ManagedChanges } from '#api/resources/managed-transfer.ts';
import { isStorable } from '#control/http/request-body.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';

/** As the run of a refresh reports them. */
export interface FoundTables {
  readonly names: readonly string[];
  readonly isCut: boolean;
}

const NAMES_BYTES_MAX = 16 * 1024 * 1024;

export function foundTables(result: Readonly<Record<string, unknown>> | null): FoundTables | undefined {
  const packed = result?.['names_gzip'];
  if (typeof packed !== 'string') return undefined;
  const text = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: NAMES_BYTES_MAX }).toString();
  const names: unknown = JSON.parse(text);
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined;
  return { names: [...new Set(names)], isCut: result?.['has_more'] === true };
}

export interface KnownTable {
  readonly table_name: string;
  readonly definition_id: string | null;
  readonly state: 'active' | 'paused';
}

interface Patterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

type Found = Pick<
  ManagedChanges,
  'isCut' | 'found' | 'excluded' | 'unchanged' | 'added' | 'returned' | 'removed' | 'unusable' | 'needsConfirmation'
>;

/** Nothing is removed because of what was not looked at. */
export function changesOf(
  { names, isCut }: FoundTables,
  known: readonly KnownTable[],
  { include, exclude }: Patterns,
): Found {
  const rows = new Map(known.map((row) => [row.table_name, row]));
  const isWanted = (name: string): boolean =>
    include.some((pattern) => matchesGlob(pattern, name)) && !exclude.some((pattern) => matchesGlob(pattern, name));
  const wanted = names.filter(isWanted);
  const unusable = wanted.flatMap((table) => {
    const reason = unusableReason(table);
    return reason === undefined ? [] : [{ table: table.toWellFormed().replaceAll('\u0000', '\ufffd'), reason }];
  });
  const usable = wanted.filter((table) => unusableReason(table) === undefined);
  const seen = new Set(names);
  const active = known.filter((row) => row.state === 'active' && row.definition_id !== null);
  const added = usable.filter((table) => (rows.get(table)?.definition_id ?? null) === null);
  const returned = usable.filter((table) => rows.get(table)?.state === 'paused' && !added.includes(table));
  const removed = active
    .map((row) => row.table_name)
    .filter((table) => !isWanted(table) || (!isCut && !seen.has(table)));
  return {
    isCut,
    found: wanted.length,
    excluded: names.length - wanted.length,
    unchanged: active.length - removed.length,
    added: added.sort(),
    returned: returned.sort(),
    removed: removed.sort(),
    unusable,
    needsConfirmation: areMost(removed.length, active.length),
  };
}

/** More than half of several: rather the connection is another one than that they are gone. */
export function areMost(removed: number, active: number): boolean {
  return removed >= 2 && removed * 2 > active;
}

const TABLE_LENGTH_MAX = 1024;

function unusableReason(table: string): string | undefined {
  if (table === '' || table.length > TABLE_LENGTH_MAX) return `its name has ${table.length} characters`;
  if (!isStorable(table)) return 'its name holds a NUL or half a character';
  // It would be taken for a variable when the transfer runs.
  if (/\{\{|\}\}|\{%/.test(table)) return 'its name holds what templates are written with: {{, }} or {%';
  return undefined;
}

/** `*` is any text, `?` one character, a backslash takes the meaning away; in time of the product of the lengths. */
export function matchesGlob(pattern: string, name: string): boolean {
  const marks = [...pattern.matchAll(/\\(.)|([*?])|(.)/gsu)].map(([, escaped, wild, plain]) => ({
    wild,
    letter: escaped ?? plain,
  }));
  const letters = [...name];
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < letters.length;) {
    const mark = marks[at];
    if (mark?.wild === '*') [star, resume, at] = [at, index, at + 1];
    else if (mark !== undefined && (mark.wild === '?' || mark.letter === letters[index]))
      [at, index] = [at + 1, index + 1];
    else if (star >= 0) [at, resume, index] = [star + 1, resume + 1, resume + 1];
    else return false;
  }
  return marks.slice(at).every(({ wild }) => wild === '*');
}

/** The place of a table among those of a managed transfer, short enough for an index. */
export function tableKey(table: string): string {
  return createHash('sha256').update(table).digest('base64url').slice(0, 22);
}

/** A name that a transfer may have: prefix and table, on one line. Where it had to be changed, a mark says which. */
export function transferName(prefix: string, table: string, isTaken = false): string {
  const whole = `${prefix}${table}`;
  const clean = whole.replace(/[\u0000-\u001f\u007f]/g, ' ').trim();
  const isOdd = clean !== whole || clean === '' || clean.length > NAME_LENGTH_MAX || ID_PATTERN.test(clean);
  if (!isOdd && !isTaken) return whole;
  const mark = ` ~${tableKey(table).slice(0, 8)}`;
  // Not within a character.
  return (
    clean
      .slice(0, NAME_LENGTH_MAX - mark.length)
      .toWellFormed()
      .trimEnd() + mark
  );
}

/** The common configuration for one table. */
export function configOf<T extends Json>(template: T, table: string): T {
  // Each kind of value becomes one of the same kind.
  if (typeof template === 'string') return template.replace(/\{\{\s*table\s*\}\}/g, () => table) as T & string;
  if (Array.isArray(template))
    return (template as readonly Json[]).map((item) => configOf(item, table)) as unknown as T;
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, item]) => [key, item === undefined ? item : configOf(item, table)]),
  ) as T;
}
