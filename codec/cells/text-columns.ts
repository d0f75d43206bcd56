/** The batch that a parser of text formats is filling: every cell comes as UTF-8 text, and becomes a value. */
import { BATCH_BYTES_TARGET, batchRowsMax, CELL_BYTES_MAX, CELL_NULL, newVector } from '#spi/batch.ts';
import type { Batch, Timestamp, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { parseBoolean } from '#codec/number/boolean.ts';
import { readDouble } from '#codec/number/double.ts';
import { readLong } from '#codec/number/long.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import { arraysOf, setTime } from './column-arrays.ts';
import type { ColumnArrays } from './column-arrays.ts';
import { cellErrors } from './errors.ts';

/** A column as the parser is to read it. */
export interface TextColumn extends Column {
  /** For timestamps. */
  readonly parser?: TimestampParser;
}

const noArena = new Uint8Array(0);
/** Characters of a bad text that its error shows. */
const SHOWN_TEXT_MAX = 100;
/** The longest word for a boolean. */
const BOOLEAN_BYTES_MAX = 5;

const expectedOf: Readonly<Record<Column['type'], string>> = {
  boolean: 'a word for true or false',
  long: 'a whole number of 64 bits',
  double: 'a number',
  string: 'short enough for a cell',
  timestamp: 'a timestamp in the format',
  json: 'JSON',
};

/**
 * Call `beginRow` (all cells are null then), set cells, and `endRow`. The memory of a taken batch is used again for
 * the next one: it is borrowed.
 */
export class TextColumns {
  readonly schema: Schema;
  /** Texts of the batch. A row that is given up leaves nothing in it. */
  readonly #arena = new ByteSink(256 * 1024);
  readonly #columns: readonly TextColumn[];
  readonly #vectors: readonly Vector[];
  readonly #arrays: readonly ColumnArrays[];
  readonly #rowsMax: number;
  #row = 0;
  #rowStart = 0;

  constructor(columns: readonly TextColumn[]) {
    this.#columns = columns;
    this.schema = {
      columns: columns.map(({ name, type, format }) => ({ name, type, ...(format === undefined ? {} : { format }) })),
    };
    this.#rowsMax = batchRowsMax(this.schema);
    this.#vectors = columns.map(({ type }) => newVector(type, this.#rowsMax, noArena));
    this.#arrays = this.#vectors.map(arraysOf);
  }

  /** Whether the batch should be taken before the next row. */
  get isFull(): boolean {
    return this.#row >= this.#rowsMax || this.#arena.length >= BATCH_BYTES_TARGET;
  }

  beginRow(): void {
    const word = this.#row * 2 + 1;
    for (let column = 0; column < this.#arrays.length; column++) {
      (this.#arrays[column] as ColumnArrays).cells[word] = CELL_NULL; // bounded by the loop
    }
    this.#rowStart = this.#arena.length;
  }

  /** Forgets the texts of the row that was begun: its record turned out to be bad. */
  dropRow(): void {
    this.#arena.length = this.#rowStart;
  }

  endRow(): void {
    this.#row += 1;
  }

  setNull(column: number): void {
    (this.#arrays[column] as ColumnArrays).cells[this.#row * 2 + 1] = CELL_NULL; // callers stay within the schema
  }

  /** Makes the instant the cell, of a timestamp column. */
  setTimestamp(column: number, time: Timestamp): void {
    const arrays = this.#arrays[column] as ColumnArrays; // callers stay within the schema
    setTime(arrays, this.#row, time);
    arrays.cells[this.#row * 2] = 0;
    arrays.cells[this.#row * 2 + 1] = 0;
  }

  /**
   * Makes the text `bytes[start, end)` the cell; an empty one is null unless the column is a string. Returns why it
   * cannot, if so.
   */
  set(column: number, bytes: Uint8Array, start: number, end: number): RopewayError | undefined {
    const arrays = this.#arrays[column] as ColumnArrays; // callers stay within the schema
    if (start === end && arrays.type !== 'string') {
      this.setNull(column);
      return undefined;
    }
    return this.#convert(arrays, column, bytes, start, end)
      ? undefined
      : textError(this.#columns[column] as TextColumn, bytes, start, end);
  }

  #convert(arrays: ColumnArrays, column: number, bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.#row;
    const arena = this.#arena;
    const from = arena.length;
    if (end - start > CELL_BYTES_MAX) return false;
    if (arrays.type === 'json') return this.#setJson(arrays, bytes, start, end);
    arena.writeBytes(bytes, start, end);
    const to = arena.length;
    switch (arrays.type) {
      case 'long':
        return readLong(arena.bytes, from, to, arrays, row);
      case 'double':
        return readDouble(arena.bytes, from, to, arrays, row);
      case 'boolean': {
        const value = to - from > BOOLEAN_BYTES_MAX ? undefined : parseBoolean(textOf(arena.bytes, from, to));
        if (value === undefined) return false;
        arrays.booleans[row] = value ? 1 : 0;
        break;
      }
      case 'timestamp': {
        const time = this.#columns[column]?.parser?.parseBytes(arena.bytes, from, to);
        if (time === undefined) return false;
        setTime(arrays, row, time);
        break;
      }
      case 'string':
        break;
    }
    arrays.cells[row * 2] = from;
    arrays.cells[row * 2 + 1] = to - from;
    return true;
  }

  #setJson({ cells }: ColumnArrays, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#arena.length;
    const flags = canonicalizeWholeJson(bytes, start, end, this.#arena);
    if (flags === -1) return false;
    cells[this.#row * 2] = from;
    cells[this.#row * 2 + 1] = (this.#arena.length - from) | flags;
    return true;
  }

  /** The rows so far as a batch, or undefined when there are none. */
  take(): Batch | undefined {
    const rowCount = this.#row;
    if (rowCount === 0) return undefined;
    const arena = this.#arena.view();
    const vectors = this.#vectors.map((vector): Vector => ({ ...vector, arena }));
    this.#row = 0;
    this.#arena.clear();
    return { schema: this.schema, rowCount, vectors };
  }
}

function textError({ name, type, parser }: TextColumn, bytes: Uint8Array, start: number, end: number): RopewayError {
  const shownEnd = Math.min(end, start + SHOWN_TEXT_MAX * 4);
  const whole = textOf(bytes, start, shownEnd);
  const isCut = shownEnd < end || whole.length > SHOWN_TEXT_MAX;
  const text = isCut ? `${whole.slice(0, SHOWN_TEXT_MAX)}…` : whole;
  const format = parser === undefined ? '' : ` ${parser.source.format}`;
  const params = { text, column: name, expected: `${expectedOf[type]}${format}` };
  return cellErrors.error('CELL_TEXT', params, { where: { field: name } });
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
