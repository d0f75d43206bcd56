/** Guesses the types of columns from their texts. */
import { isJsonObject } from '#spi/json.ts';
import type { ColumnType } from '#spi/schema.ts';
import { guessTimeFormat, matchTime } from './time-format-guess.ts';

/** A row of cells; null is null. */
export type Row = readonly (string | null)[];

export interface GuessedType {
  readonly type: ColumnType;
  /** For timestamps. */
  readonly format?: string;
}

const booleans = new Set([
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 't', 'T', 'y', 'Y', 'on', 'On', 'ON'],
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'f', 'F', 'n', 'N', 'off', 'Off', 'OFF'],
]);
const double = /^[+-]?(?:NaN|Infinity|(?:[1-9]\d*|0)\.\d+(?:[eE][+-]?\d+)?[fFdD]?)$/;
const LONG_MAX = 2n ** 63n - 1n;

/** Types of all columns of the rows: as many as the longest row has. */
export function guessTypes(rows: readonly Row[]): readonly GuessedType[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, column) => guessColumn(rows.map((row) => row[column] ?? null)));
}

function guessColumn(values: Row): GuessedType {
  let merged: ColumnType | undefined;
  for (const value of values) {
    const type = typeOf(value);
    if (type !== undefined) merged = merged === undefined ? type : merge(merged, type);
  }
  if (merged !== 'timestamp') return { type: merged ?? 'string' };
  const texts = values.filter((value): value is string => value !== null && typeOf(value) === 'timestamp');
  const format = guessTimeFormat(texts);
  return format === undefined ? { type: 'string' } : { type: 'timestamp', format };
}

/** The type of one value; undefined when it says nothing. */
export function typeOf(value: string | null): ColumnType | undefined {
  if (value === null) return undefined;
  if (booleans.has(value)) return 'boolean';
  if (matchTime(value) !== undefined) return 'timestamp';
  if (isPlainLong(value)) return 'long';
  if (double.test(value)) return 'double';
  if (value === '') return undefined;
  return isJsonText(value) ? 'json' : 'string';
}

function isPlainLong(text: string): boolean {
  if (!/^-?(?:0|[1-9]\d{0,18})$/.test(text) || text === '-0') return false;
  const value = BigInt(text);
  return value <= LONG_MAX && value >= -LONG_MAX - 1n;
}

function isJsonText(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) || Array.isArray(value);
  } catch {
    return false;
  }
}

function merge(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b) return a;
  const both = new Set([a, b]);
  if (both.has('long')) {
    if (both.has('double')) return 'double';
    if (both.has('boolean') || both.has('timestamp')) return 'long';
  }
  return 'string';
}
