/** Builds one column of a batch: what a filter needs that changes some columns and passes the others on. */
import { BATCH_ROWS_MAX, CELL_BYTES_MAX, CELL_NULL, CELL_SURROGATE, newVector } from './batch.ts';
import type { Timestamp, Vector } from './batch.ts';
import { ByteSink } from './byte-sink.ts';
import type { Column } from './schema.ts';
import { writeWtf8 } from './wtf8.ts';

const noArena = new Uint8Array(0);

/**
 * Fills the rows of a column in any order, each once; rows that are not set are null. The memory of a vector that was
 * taken is used again for the next one: it is borrowed, like every batch.
 */
export class VectorBuilder {
  readonly type: Column['type'];
  /** Text is written into it: note its length, write, and call `setText`. */
  readonly arena: ByteSink = new ByteSink();
  #slots: Vector;
  #capacity: number;

  constructor(type: Column['type'], capacity: number = BATCH_ROWS_MAX) {
    this.type = type;
    this.#capacity = capacity;
    this.#slots = newVector(type, capacity, noArena);
  }

  /** Starts a column of so many rows, all null. */
  begin(rowCount: number): void {
    if (rowCount > this.#capacity) {
      this.#capacity = rowCount;
      this.#slots = newVector(this.type, rowCount, noArena);
    }
    this.arena.clear();
    const { cells } = this.#slots;
    for (let row = 0; row < rowCount; row++) cells[row * 2 + 1] = CELL_NULL;
  }

  setBoolean(row: number, value: boolean): void {
    if (this.#slots.type === 'boolean') this.#slots.values[row] = value ? 1 : 0;
    this.#word(row, 0, 0);
  }

  setLong(row: number, value: bigint): void {
    if (this.#slots.type === 'long') this.#slots.values[row] = value;
    this.#word(row, 0, 0);
  }

  setDouble(row: number, value: number): void {
    if (this.#slots.type === 'double') this.#slots.values[row] = value;
    this.#word(row, 0, 0);
  }

  /** Epoch seconds (|seconds| < 9.2e12) and nanoseconds of the second, 0 to 999,999,999. */
  setTimestamp(row: number, { seconds, nanos }: Timestamp): void {
    if (this.#slots.type === 'timestamp') {
      const micros = Math.floor(nanos / 1000);
      this.#slots.values[row] = BigInt(seconds) * 1_000_000n + BigInt(micros);
      this.#slots.nanos[row] = nanos - micros * 1000;
    }
    this.#word(row, 0, 0);
  }

  /** The cell's text is `arena[start, arena.length)`; for string and json columns. Flags are `CELL_…`. */
  setText(row: number, start: number, flags = 0): void {
    const length = this.arena.length - start;
    if (length > CELL_BYTES_MAX) throw new RangeError(`A cell of ${length} bytes does not fit into a batch`);
    this.#word(row, start, length | flags);
  }

  /** For string columns, and for json ones when the text is canonical JSON. */
  setString(row: number, text: string): void {
    const start = this.arena.length;
    if (text.isWellFormed()) {
      this.arena.writeString(text);
      this.setText(row, start);
    } else {
      writeWtf8(this.arena, text);
      this.setText(row, start, CELL_SURROGATE);
    }
  }

  /** The column; borrowed until `begin` is called again. */
  take(): Vector {
    // The same kind of vector, now over the text that has been written.
    return { ...this.#slots, arena: this.arena.view() };
  }

  #word(row: number, start: number, lengthAndFlags: number): void {
    const { cells } = this.#slots;
    cells[row * 2] = start;
    cells[row * 2 + 1] = lengthAndFlags;
  }
}
