/** The columns of the batch that a CSV reader is filling, and the conversion of one cell's text into its value. */
import { batchRowsMax, CELL_NULL, newVector } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { arraysOf, setTime } from '#codec/cells/column-arrays.ts';
import type { ColumnArrays } from '#codec/cells/column-arrays.ts';
import { canonicalizeJson } from '#codec/json/canonical.ts';
import { isJsonSpace } from '#codec/json/scanner.ts';
import { readBoolean } from '#codec/number/boolean.ts';
import { readDouble } from '#codec/number/double.ts';
import { readLong } from '#codec/number/long.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import { csvErrors } from './errors.ts';
import type { RecordState } from './record-state.ts';
import type { TextMemory } from './text-memory.ts';

/** A column as the parser is to read it. */
export interface CsvColumn extends Column {
  /** For timestamps. */
  readonly parser?: TimestampParser;
  /** For timestamps: as in messages. */
  readonly formatText?: string;
}

/** Characters of a bad cell that its error shows. */
const SHOWN_TEXT_MAX = 100;

const noArena = new Uint8Array(0);

/** Flags of a text that is null by itself. */
export const TEXT_IS_NULL = -1;

export interface CellColumnsOptions {
  readonly columns: readonly CsvColumn[];
  readonly nullString: string | null;
}

export class CellColumns {
  readonly schema: Schema;
  readonly rowsMax: number;
  /** Reused from batch to batch; `take` gives them their arena. */
  readonly vectors: readonly Vector[];
  /** The same vectors as arrays. */
  readonly arrays: readonly ColumnArrays[];
  /** The text that is null besides what is null by itself. */
  readonly nullText: Uint8Array | null;
  row = 0;
  readonly #columns: readonly CsvColumn[];
  readonly #memory: TextMemory;
  readonly #state: RecordState;
  readonly #scratch = new ByteSink();

  /** `vectors` hold `batchRowsMax` rows; by default they are made here. */
  constructor(
    { columns, nullString }: CellColumnsOptions,
    memory: TextMemory,
    state: RecordState,
    vectors?: readonly Vector[],
  ) {
    this.#columns = columns;
    this.#memory = memory;
    this.#state = state;
    this.nullText = nullString === null ? null : Buffer.from(nullString);
    this.schema = {
      columns: columns.map(({ name, type, format }) => ({ name, type, ...(format === undefined ? {} : { format }) })),
    };
    this.rowsMax = batchRowsMax(this.schema);
    this.vectors = vectors ?? columns.map(({ type }) => newVector(type, this.rowsMax, noArena));
    this.arrays = this.vectors.map(arraysOf);
  }

  setNull(column: number): void {
    (this.arrays[column] as ColumnArrays).cells[this.row * 2 + 1] = CELL_NULL; // callers stay within the schema
  }

  /**
   * Sets the cell to the text `[from, to)`; flags TEXT_IS_NULL stand for null. Returns false when the text is not of
   * the column's type: the state then has the error.
   */
  setText(column: number, from: number, to: number, flags: number): boolean {
    if (flags === TEXT_IS_NULL || this.#isNullText(from, to)) this.setNull(column);
    else if (!this.set(column, from, to, flags)) {
      this.#state.error = this.#conversionError(column, from, to);
      return false;
    }
    return true;
  }

  #isNullText(from: number, to: number): boolean {
    const text = this.nullText;
    if (text === null || to - from !== text.length) return false;
    const { bytes } = this.#memory;
    for (let index = 0; index < text.length; index++) if (bytes[from + index] !== text[index]) return false;
    return true;
  }

  /** Converts the text `[start, end)` of the memory. Returns false when it is not of the column's type. */
  set(column: number, start: number, end: number, textFlags: number): boolean {
    const arrays = this.arrays[column] as ColumnArrays; // callers stay within the schema
    const { row } = this;
    const { bytes } = this.#memory;
    let flags = 0;
    switch (arrays.type) {
      case 'string':
        flags = textFlags;
        break;
      case 'long':
        return readLong(bytes, start, end, arrays, row);
      case 'double':
        return readDouble(bytes, start, end, arrays, row);
      case 'boolean':
        arrays.booleans[row] = readBoolean(bytes, start, end);
        break;
      case 'timestamp': {
        const time = this.#columns[column]?.parser?.parseBytes(bytes, start, end);
        if (time === undefined) return false;
        setTime(arrays, row, time);
        break;
      }
      case 'json':
        return this.#setJson(arrays, start, end);
    }
    arrays.cells[row * 2] = start;
    arrays.cells[row * 2 + 1] = (end - start) | flags;
    return true;
  }

  #setJson({ cells }: ColumnArrays, start: number, end: number): boolean {
    if (isBlank(this.#memory.bytes, start, end)) {
      // No JSON at all is null, as in the original.
      cells[this.row * 2 + 1] = CELL_NULL;
      return true;
    }
    this.#scratch.clear();
    const flags = canonicalizeJson(this.#memory.bytes, start, end, this.#scratch);
    if (flags === -1) return false;
    const at = this.#memory.sideEnd;
    this.#memory.appendToSide(this.#scratch.view());
    cells[this.row * 2] = at;
    cells[this.row * 2 + 1] = this.#scratch.length | flags;
    return true;
  }

  #conversionError(column: number, start: number, end: number): RopewayError {
    const { bytes } = this.#memory;
    const whole = Buffer.from(bytes.buffer, start, end - start).toString('utf8');
    const text = whole.length > SHOWN_TEXT_MAX ? `${whole.slice(0, SHOWN_TEXT_MAX)}…` : whole;
    const { type, name, formatText = '' } = this.#columns[column] as CsvColumn; // callers stay within the schema
    const where = { where: { field: name } };
    switch (type) {
      case 'long':
        return csvErrors.error('CSV_LONG_INVALID', { text }, where);
      case 'double':
        return csvErrors.error('CSV_DOUBLE_INVALID', { text }, where);
      case 'timestamp':
        return csvErrors.error('CSV_TIMESTAMP_INVALID', { text, format: formatText }, where);
      default:
        return csvErrors.error('CSV_JSON_INVALID', { text }, where);
    }
  }

  endRow(): void {
    this.row += 1;
  }

  /** The rows so far as a batch over the memory, or undefined when there are none. */
  take(): Batch | undefined {
    const rowCount = this.row;
    this.row = 0;
    if (rowCount === 0) return undefined;
    const arena = this.#memory.bytes;
    return { schema: this.schema, rowCount, vectors: this.vectors.map((vector): Vector => ({ ...vector, arena })) };
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isJsonSpace(bytes[at] as number)) return false; // within the range given
  return true;
}
