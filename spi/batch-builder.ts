/** Builds batches row by row: what producers of records use that are not kernels. */
import { BATCH_BYTES_TARGET, batchRowsMax, CELL_BYTES_MAX, CELL_NULL, CELL_SURROGATE, newVector } from './batch.ts';
import type { Batch, Vector } from './batch.ts';
import { ByteSink } from './byte-sink.ts';
import type { Column, Schema } from './schema.ts';
import { writeWtf8 } from './wtf8.ts';

/** A cell in the making: the arrays of one column, before their arena is known. */
type Slots = ReturnType<typeof newSlots>;

/**
 * Collects rows into a batch. Set every column of the current row (unset ones are null), then call `endRow`; when
 * `isFull`, `take` the batch. The memory of a taken batch is used again for the next one: it is borrowed.
 *
 * Text is written straight into `arena` (a {@link ByteSink}): note `arena.length`, write, and call `setText`.
 */
export class BatchBuilder {
  readonly schema: Schema;
  readonly arena: ByteSink = new ByteSink(256 * 1024);
  readonly #slots: readonly Slots[];
  readonly #rowsMax: number;
  #row = 0;

  constructor(schema: Schema) {
    this.schema = schema;
    this.#rowsMax = batchRowsMax(schema);
    this.#slots = schema.columns.map((column) => newSlots(column, this.#rowsMax));
    this.#clearRow();
  }

  get rowCount(): number {
    return this.#row;
  }

  /** True when the batch should be taken before the next row. */
  get isFull(): boolean {
    return this.#row >= this.#rowsMax || this.arena.length >= BATCH_BYTES_TARGET;
  }

  setNull(column: number): void {
    this.#word(column, 0, CELL_NULL);
  }

  setBoolean(column: number, value: boolean): void {
    (this.#slot(column).values as Uint8Array)[this.#row] = value ? 1 : 0;
    this.#word(column, 0, 0);
  }

  /** `start` and `flags` describe source text in the arena that ends at its end; by default there is none. */
  setLong(column: number, value: bigint, start: number = this.arena.length, flags = 0): void {
    (this.#slot(column).values as BigInt64Array)[this.#row] = value;
    this.#word(column, start, (this.arena.length - start) | flags);
  }

  setDouble(column: number, value: number, start: number = this.arena.length, flags = 0): void {
    (this.#slot(column).values as Float64Array)[this.#row] = value;
    this.#word(column, start, (this.arena.length - start) | flags);
  }

  /** Epoch seconds (|seconds| < 9.2e12) and nanoseconds of the second, 0 to 999,999,999. */
  setTimestamp(column: number, seconds: number, nanos: number): void {
    const slot = this.#slot(column);
    const micros = Math.floor(nanos / 1000);
    (slot.values as BigInt64Array)[this.#row] = BigInt(seconds) * 1_000_000n + BigInt(micros);
    (slot.nanos as Uint16Array)[this.#row] = nanos - micros * 1000;
    this.#word(column, 0, 0);
  }

  /** The cell's text is `arena[start, arena.length)`; for string and json columns. */
  setText(column: number, start: number, flags = 0): void {
    const length = this.arena.length - start;
    if (length > CELL_BYTES_MAX) throw new RangeError(`A cell of ${length} bytes does not fit into a batch`);
    this.#word(column, start, length | flags);
  }

  setString(column: number, text: string): void {
    const start = this.arena.length;
    if (text.isWellFormed()) {
      this.arena.writeString(text);
      this.setText(column, start);
    } else {
      writeWtf8(this.arena, text);
      this.setText(column, start, CELL_SURROGATE);
    }
  }

  endRow(): void {
    if (!this.#cleared) this.#clearRow();
    this.#row += 1;
    if (this.#row < this.#rowsMax) this.#clearRow();
  }

  /** Forgets what was set in the current row: a record that turned out to be bad. `arenaLength` is where it began. */
  dropRow(arenaLength: number): void {
    this.arena.length = arenaLength;
    this.#clearRow();
  }

  /** The batch so far, or undefined when it has no rows. The builder starts anew. */
  take(): Batch | undefined {
    const rowCount = this.#row;
    if (rowCount === 0) return undefined;
    const arena = this.arena.view();
    const vectors = this.#slots.map((slot): Vector => ({ ...slot, arena }) as Vector);
    this.#row = 0;
    this.arena.clear();
    this.#cleared = false;
    return { schema: this.schema, rowCount, vectors };
  }

  // The first row of a new batch is cleared when it is first touched: until then the taken batch is being read.
  #cleared = true;

  #slot(column: number): Slots {
    if (!this.#cleared) this.#clearRow();
    return this.#slots[column] as Slots;
  }

  #word(column: number, start: number, lengthAndFlags: number): void {
    const cells = this.#slot(column).cells;
    cells[this.#row * 2] = start;
    cells[this.#row * 2 + 1] = lengthAndFlags;
  }

  #clearRow(): void {
    for (const slot of this.#slots) slot.cells[this.#row * 2 + 1] = CELL_NULL;
    this.#cleared = true;
  }
}

const noArena = new Uint8Array(0);

function newSlots(
  column: Column,
  rows: number,
): {
  type: Column['type'];
  cells: Uint32Array;
  values?: Uint8Array | BigInt64Array | Float64Array;
  nanos?: Uint16Array;
} {
  const { arena: _, ...slots } = newVector(column.type, rows, noArena);
  return slots;
}
