/**
 * The columns of the batch that is being read. Cells are ranges of the memory that the text lies in: what is a piece
 * of the text is not copied, and what is not stands behind it.
 */
import { batchRowsMax, CELL_NULL, newVector } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import type { Schema } from '#spi/schema.ts';
import { arraysOf, setTime } from '#codec/cells/column-arrays.ts';
import type { ColumnArrays } from '#codec/cells/column-arrays.ts';
import type { TextMemory } from '#codec/csv/text-memory.ts';
import { setLong } from '#codec/number/long.ts';

const noArena = new Uint8Array(0);

export class CopyCells {
  readonly rowsMax: number;
  row = 0;
  /** Reused from batch to batch; `take` gives them their arena. */
  readonly #vectors: readonly Vector[];
  readonly #arrays: readonly ColumnArrays[];
  readonly #schema: Schema;
  readonly #memory: TextMemory;

  /** `vectors` hold `batchRowsMax` rows; by default they are made here. */
  constructor(schema: Schema, memory: TextMemory, vectors?: readonly Vector[]) {
    this.#schema = schema;
    this.#memory = memory;
    this.rowsMax = batchRowsMax(schema);
    this.#vectors = vectors ?? schema.columns.map(({ type }) => newVector(type, this.rowsMax, noArena));
    this.#arrays = this.#vectors.map(arraysOf);
  }

  /** The arrays of a column, for scans that write into them. */
  arrays(column: number): ColumnArrays {
    return this.#arrays[column] as ColumnArrays; // callers stay within the schema
  }

  setNull(column: number): void {
    this.arrays(column).cells[this.row * 2 + 1] = CELL_NULL;
  }

  setBoolean(column: number, value: boolean): void {
    const { booleans, cells } = this.arrays(column);
    booleans[this.row] = value ? 1 : 0;
    cells[this.row * 2 + 1] = 0;
  }

  /** `[start, end)` of the memory is the text that it was read from. */
  setLong(column: number, value: bigint, start = 0, end = 0, flags = 0): void {
    setLong(this.arrays(column).halves, this.row, value);
    this.setText(column, start, end, flags);
  }

  setDouble(column: number, value: number): void {
    const { doubles, cells } = this.arrays(column);
    doubles[this.row] = value;
    cells[this.row * 2 + 1] = 0;
  }

  setTimestamp(column: number, time: { readonly seconds: number; readonly nanos: number }): void {
    const arrays = this.arrays(column);
    setTime(arrays, this.row, time);
    arrays.cells[this.row * 2 + 1] = 0;
  }

  /** The cell's text is `[start, end)` of the memory. */
  setText(column: number, start: number, end: number, flags: number): void {
    const { cells } = this.arrays(column);
    cells[this.row * 2] = start;
    cells[this.row * 2 + 1] = (end - start) | flags;
  }

  /** The cell's text is a copy of these bytes. */
  setBytes(column: number, bytes: Uint8Array, flags: number): void {
    const start = this.#memory.sideEnd;
    this.#memory.appendToSide(bytes);
    this.setText(column, start, this.#memory.sideEnd, flags);
  }

  /** The text is one that was made here: it has no lone surrogates. */
  setString(column: number, text: string): void {
    this.setBytes(column, Buffer.from(text), 0);
  }

  /** The rows so far as a batch over the memory, or undefined when there are none. */
  take(): Batch | undefined {
    const rowCount = this.row;
    if (rowCount === 0) return undefined;
    this.row = 0;
    const arena = this.#memory.bytes;
    return { schema: this.#schema, rowCount, vectors: this.#vectors.map((vector): Vector => ({ ...vector, arena })) };
  }
}
