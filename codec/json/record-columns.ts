/** Columns out of JSON objects: which member goes where, and how its value becomes one of the column's type. */
import { CELL_SURROGATE } from '#spi/batch.ts';
import type { BatchBuilder } from '#spi/batch-builder.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Column } from '#spi/schema.ts';
import { parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import { jsonErrors } from './errors.ts';
import { equalsAt, visitMembers } from './navigate.ts';
import type { JsonPointer } from './navigate.ts';
import { writeUnescaped } from './unescape.ts';

export interface JsonColumn extends Column {
  /** Where the value is, relative to the record; without it the member of the column's name. */
  readonly pointer?: JsonPointer;
  readonly parser?: TimestampParser;
}

export interface RecordOptions {
  readonly columns: readonly JsonColumn[];
}

const SHOWN_MAX = 200;

/** Fills rows from canonical JSON objects. */
export class RecordColumns {
  readonly #columns: readonly JsonColumn[];
  readonly #builder: BatchBuilder;
  readonly #keys: readonly (Uint8Array | undefined)[];
  /** Values' ranges by column, -1 when a record has none. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  constructor(columns: readonly JsonColumn[], builder: BatchBuilder) {
    this.#columns = columns;
    this.#builder = builder;
    this.#keys = columns.map(({ name, pointer }) =>
      pointer === undefined ? Buffer.from(JSON.stringify(name)) : undefined,
    );
    this.#starts = new Int32Array(columns.length);
    this.#ends = new Int32Array(columns.length);
  }

  /** Sets the columns of the builder's current row from the value at `start`. Returns why it cannot, if so. */
  set(bytes: Uint8Array, start: number, hasSurrogates: boolean): RopewayError | undefined {
    this.#locate(bytes, start);
    for (let column = 0; column < this.#columns.length; column++) {
      const from = this.#starts[column] as number; // bounded by the loop
      // Absent, or null: canonical null begins with an n, as nothing else does.
      if (from < 0 || bytes[from] === 0x6e) {
        this.#builder.setNull(column);
        continue;
      }
      const error = this.#setValue(column, bytes, from, hasSurrogates);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #locate(bytes: Uint8Array, start: number): void {
    this.#starts.fill(-1);
    // Other values have no members; they may have elements that pointers lead to.
    if (bytes[start] === 0x7b) this.#locateMembers(bytes, start);
    for (const [column, { pointer }] of this.#columns.entries()) {
      const range = pointer?.find(bytes, start);
      if (range === undefined) continue;
      this.#starts[column] = range[0];
      this.#ends[column] = range[1];
    }
  }

  #locateMembers(bytes: Uint8Array, start: number): void {
    let expected = 0;
    visitMembers(bytes, start, (keyStart, keyEnd, valueStart, valueEnd) => {
      // Objects of a file mostly have their members in one order: try the column behind the last one first.
      const count = this.#keys.length;
      for (let tried = 0; tried < count; tried++) {
        const column = (expected + tried) % count;
        const key = this.#keys[column];
        if (key === undefined || key.length !== keyEnd - keyStart || !equalsAt(bytes, keyStart, key)) continue;
        if (this.#starts[column] === -1) {
          this.#starts[column] = valueStart;
          this.#ends[column] = valueEnd;
        }
        expected = column + 1;
      }
    });
  }

  // oxlint-disable-next-line complexity -- one case per type
  #setValue(column: number, bytes: Uint8Array, start: number, hasSurrogates: boolean): RopewayError | undefined {
    const end = this.#ends[column] as number; // set with the start
    const { type, name, parser } = this.#columns[column] as JsonColumn; // bounded by the caller
    const builder = this.#builder;
    const { arena } = builder;
    const isString = bytes[start] === 0x22;
    const from = arena.length;
    switch (type) {
      case 'string':
      case 'json':
        if (isString && type === 'string') writeUnescaped(arena, bytes, start, end);
        else arena.writeBytes(bytes, start, end);
        builder.setText(column, from, hasSurrogates ? CELL_SURROGATE : 0);
        return undefined;
      case 'boolean': {
        const text = isString ? unescapedText(bytes, start, end) : textOf(bytes, start, end);
        builder.setBoolean(column, text.toLowerCase() === 'true');
        return undefined;
      }
      case 'long': {
        const text = isString ? unescapedText(bytes, start, end) : textOf(bytes, start, end);
        const value = parseLong(text);
        // Not a record to skip: the original gives up the run here, and so nothing is lost unnoticed.
        if (value === undefined) throw numberError(text, name, 'a whole number of 64 bits');
        builder.setLong(column, value);
        return undefined;
      }
      case 'double': {
        const text = isString ? unescapedText(bytes, start, end) : textOf(bytes, start, end);
        const value = parseDouble(text);
        if (value === undefined) throw numberError(text, name, 'a number');
        builder.setDouble(column, value);
        return undefined;
      }
      case 'timestamp': {
        const time = isString ? parser?.parse(unescapedText(bytes, start, end)) : undefined;
        if (time === undefined) {
          const value = textOf(bytes, start, Math.min(end, start + SHOWN_MAX));
          return jsonErrors.error('JSON_TIMESTAMP', { value }, { where: { field: name } });
        }
        builder.setTimestamp(column, time.seconds, time.nanos);
        return undefined;
      }
    }
  }
}

function numberError(value: string, column: string, expected: string): Error {
  const shown = value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value;
  return jsonErrors.error(
    'JSON_NUMBER',
    { value: JSON.stringify(shown), column, expected },
    { where: { field: column } },
  );
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

function unescapedText(bytes: Uint8Array, start: number, end: number): string {
  const text = textOf(bytes, start + 1, end - 1);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Embulk's names of JSON types, for messages. */
export function jsonTypeName(bytes: Uint8Array, at: number): string {
  switch (bytes[at]) {
    case 0x7b:
      return 'OBJECT';
    case 0x5b:
      return 'ARRAY';
    case 0x22:
      return 'STRING';
    case 0x6e:
      return 'NULL';
    case 0x74:
    case 0x66:
      return 'BOOLEAN';
    default:
      return 'LONG';
  }
}
