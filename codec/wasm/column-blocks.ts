/**
 * The vectors of a batch as the writing kernels see them. Vectors in the kernel's memory are only pointed at; the
 * others (a filter made them, or the batch was never in a kernel) are copied into a scratch region batch by batch.
 */
import { CELL_CANONICAL, CELL_LENGTH_MASK, CELL_NULL } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import type { Kernel } from './kernel.ts';
import { COLUMN_BYTES, COLUMN_CELLS, COLUMN_NANOS, COLUMN_TEXT, COLUMN_VALUES } from './layout.ts';

type Values = Uint8Array | BigInt64Array | Float64Array | Uint16Array | Uint32Array;

/** The stretch of a foreign arena that a batch uses, and where it has been copied to. */
interface ForeignText {
  from: number;
  to: number;
  address: number;
}

const SCRATCH_BYTES_MIN = 1024 * 1024;
const ALIGNMENT = 16;

export class ColumnBlocks {
  readonly #kernel: Kernel;
  /** The first column's block, as an index of words. */
  readonly #blocks: number;
  // What the blocks point at now: most batches have the arrays of the one before.
  readonly #cells: (Uint32Array | undefined)[] = [];
  readonly #arenas: Uint8Array[] = [];
  readonly #values: (Values | undefined)[] = [];
  readonly #nanos: (Values | undefined)[] = [];
  /** Columns of the batch that are not in the kernel's memory, or not wholly. */
  readonly #foreign: number[] = [];
  readonly #texts = new Map<Uint8Array, ForeignText>();
  #scratch = 0;
  #scratchBytes = 0;
  #scratchTop = 0;

  constructor(kernel: Kernel, address: number) {
    this.#kernel = kernel;
    this.#blocks = address / 4;
  }

  /** Fills the blocks; false when the kernel has no room for what is not in its memory. */
  place(batch: Batch): boolean {
    const { vectors } = batch;
    this.#foreign.length = 0;
    for (let column = 0; column < vectors.length; column++) {
      const vector = vectors[column] as Vector; // bounded by the loop
      const isPlaced =
        vector.cells === this.#cells[column] &&
        vector.arena === this.#arenas[column] &&
        valuesOf(vector) === this.#values[column] &&
        nanosOf(vector) === this.#nanos[column];
      if (!isPlaced && !this.#pointAt(column, vector)) this.#foreign.push(column);
    }
    return this.#foreign.length === 0 || this.#copyForeign(batch);
  }

  #pointAt(column: number, vector: Vector): boolean {
    const values = valuesOf(vector);
    const nanos = nanosOf(vector);
    const isHere =
      this.#has(vector.cells) &&
      this.#has(vector.arena) &&
      (values === undefined || this.#has(values)) &&
      (nanos === undefined || this.#has(nanos));
    this.#cells[column] = isHere ? vector.cells : undefined;
    if (!isHere) return false;
    this.#arenas[column] = vector.arena;
    this.#values[column] = values;
    this.#nanos[column] = nanos;
    const block = this.#block(column);
    const { words } = this.#kernel;
    words[block + COLUMN_CELLS] = vector.cells.byteOffset;
    words[block + COLUMN_VALUES] = values?.byteOffset ?? 0;
    words[block + COLUMN_NANOS] = nanos?.byteOffset ?? 0;
    words[block + COLUMN_TEXT] = vector.arena.byteOffset;
    return true;
  }

  #block(column: number): number {
    return this.#blocks + (column * COLUMN_BYTES) / 4;
  }

  #has(array: Values): boolean {
    return array.buffer === this.#kernel.bytes.buffer;
  }

  #copyForeign({ vectors, rowCount }: Batch): boolean {
    const foreign = this.#foreign.map((column) => [column, vectors[column] as Vector] as const); // columns of the batch
    this.#texts.clear();
    let needed = 0;
    for (const [, vector] of foreign) {
      // Cells, values and nanos of a row have 18 bytes at most, and each array is aligned.
      needed += rowCount * 18 + 3 * ALIGNMENT;
      if (!this.#has(vector.arena)) this.#widen(vector, rowCount);
    }
    for (const { from, to } of this.#texts.values()) needed += Math.max(0, to - from) + ALIGNMENT;
    if (!this.#reserve(needed)) return false;
    this.#scratchTop = this.#scratch;
    for (const [arena, text] of this.#texts) {
      if (text.from < text.to) text.address = this.#copy(arena.subarray(text.from, text.to)) - text.from;
    }
    const { words } = this.#kernel;
    for (const [column, vector] of foreign) {
      const block = this.#block(column);
      const values = valuesOf(vector);
      const nanos = nanosOf(vector);
      words[block + COLUMN_CELLS] = this.#copy(vector.cells, rowCount * 2);
      words[block + COLUMN_VALUES] = values === undefined ? 0 : this.#copy(values, rowCount);
      words[block + COLUMN_NANOS] = nanos === undefined ? 0 : this.#copy(nanos, rowCount);
      // Starts are added to this address modulo 2^32, so that it may well be negative.
      words[block + COLUMN_TEXT] = this.#texts.get(vector.arena)?.address ?? vector.arena.byteOffset;
    }
    return true;
  }

  /** Widens the stretch of the vector's arena by its texts that are copied. */
  #widen({ type, cells, arena }: Vector, rowCount: number): void {
    let text = this.#texts.get(arena);
    if (text === undefined) {
      text = { from: arena.length, to: 0, address: 0 };
      this.#texts.set(arena, text);
    }
    if (type === 'boolean' || type === 'timestamp') return;
    const isText = type === 'string' || type === 'json';
    let { from, to } = text;
    for (let row = 0; row < rowCount; row++) {
      const word = cells[row * 2 + 1] as number; // bounded by the loop
      if (word & CELL_NULL || !(isText || word & CELL_CANONICAL)) continue;
      const start = cells[row * 2] as number; // as above
      const end = start + (word & CELL_LENGTH_MASK);
      if (start < from) from = start;
      if (end > to) to = end;
    }
    text.from = from;
    text.to = to;
  }

  #reserve(byteCount: number): boolean {
    if (byteCount <= this.#scratchBytes) return true;
    // Regions are not given back one by one: a new one is twice as large, so that there are few of them.
    for (const size of [Math.max(SCRATCH_BYTES_MIN, byteCount * 2), byteCount]) {
      const address = this.#kernel.allocate(size);
      if (address === undefined) continue;
      this.#scratch = address;
      this.#scratchBytes = size;
      return true;
    }
    return false;
  }

  /** Copies the first `count` elements unless they are in the kernel's memory; returns their address. */
  #copy(array: Values, count: number = array.length): number {
    if (this.#has(array)) return array.byteOffset;
    const address = this.#scratchTop;
    const byteCount = count * array.BYTES_PER_ELEMENT;
    this.#kernel.bytes.set(new Uint8Array(array.buffer, array.byteOffset, byteCount), address);
    this.#scratchTop += Math.ceil(byteCount / ALIGNMENT) * ALIGNMENT;
    return address;
  }
}

function valuesOf(vector: Vector): Values | undefined {
  return 'values' in vector ? vector.values : undefined;
}

function nanosOf(vector: Vector): Values | undefined {
  return 'nanos' in vector ? vector.nanos : undefined;
}
