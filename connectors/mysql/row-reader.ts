/**
 * Rows of the binary protocol as batches: a byte for nothing, a bit for each column that is null, then the values. The
 * bytes of the rows go into the batch's arena in one piece, and cells of texts point into them.
 */
import { BATCH_BYTES_TARGET, batchRowsMax, CELL_NULL, newVector } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Logger } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { columnReader } from './cell-readers.ts';
import type { CellReader, ColumnReader } from './cell-readers.ts';
import { HEADER_BYTES } from './driver.ts';
import type { ReaderSpec } from './reader-spec.ts';
import type { RowBytes } from './row-stream.ts';
import type { SourceType } from './source-types.ts';
import { valueEnd, valueText } from './wire.ts';

const noArena = new Uint8Array(0);
/** Bits of the map of nulls that belong to no column. */
const NULL_BITS_OFFSET = 2;

export class RowReader {
  readonly #schema: Schema;
  readonly #types: readonly SourceType[];
  readonly #rowsMax: number;
  readonly #vectors: readonly Vector[];
  readonly #columns: readonly ColumnReader[];
  readonly #readers: readonly CellReader[];
  readonly #received = new ByteSink(BATCH_BYTES_TARGET);
  readonly #made = new ByteSink();
  readonly #shift = { value: 0 };
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #row = 0;
  #lastBytes = this.#bytes;
  #lastStart = -1;

  constructor(schema: Schema, specs: readonly ReaderSpec[], log: Logger) {
    this.#schema = schema;
    this.#types = specs.map(({ source }) => source);
    this.#rowsMax = batchRowsMax(schema);
    this.#vectors = specs.map(({ type }) => newVector(type, this.#rowsMax, noArena));
    this.#columns = specs.map((spec, index) => {
      const vector = this.#vectors[index] as Vector; // made from the same list
      return columnReader(spec, { vector, made: this.#made, shift: this.#shift }, log);
    });
    this.#readers = this.#columns.map(({ read }) => read);
  }

  /** Takes a stretch in; `next` gives what is in it. */
  feed({ buffer, start, end }: RowBytes): void {
    this.#bytes = buffer;
    this.#at = start;
    this.#end = end;
  }

  /** The next full batch of what was fed, or undefined when it is used up. Borrowed until the next call. */
  next(): Batch | undefined {
    while (this.#at < this.#end) {
      this.#readRows();
      if (this.#isFull) return this.#take();
    }
    return undefined;
  }

  /** What is left at the end. */
  rest(): Batch | undefined {
    return this.#row === 0 ? undefined : this.#take();
  }

  /** The texts of the last row, or undefined when there was none. */
  lastRow(): readonly (string | null)[] | undefined {
    if (this.#lastStart < 0) return undefined;
    const bytes = this.#lastBytes;
    const nulls = this.#lastStart + HEADER_BYTES + 1;
    let at = nulls + this.#nullBytes;
    return this.#types.map((type, column) => {
      if (isNullAt(bytes, nulls, column) || type.wire === 'null') return null;
      const text = valueText(type, bytes, at);
      at = valueEnd(type, bytes, at);
      return text;
    });
  }

  get #isFull(): boolean {
    return (
      this.#row >= this.#rowsMax ||
      this.#received.length >= BATCH_BYTES_TARGET ||
      this.#made.length >= BATCH_BYTES_TARGET
    );
  }

  get #nullBytes(): number {
    return (this.#types.length + NULL_BITS_OFFSET + 7) >> 3;
  }

  /** Reads rows until the batch is full or the stretch ends, and keeps their bytes. */
  #readRows(): void {
    const bytes = this.#bytes;
    const readers = this.#readers;
    const nullBytes = this.#nullBytes;
    const from = this.#at;
    const room = BATCH_BYTES_TARGET - this.#received.length;
    let at = from;
    this.#shift.value = this.#received.length - from;
    for (;;) {
      this.#lastStart = at;
      const end = at + HEADER_BYTES + lengthAt(bytes, at);
      this.#readRow(bytes, readers, at + HEADER_BYTES + 1, nullBytes);
      this.#row += 1;
      at = end;
      const isEnough = at - from >= room || this.#row >= this.#rowsMax || this.#made.length >= BATCH_BYTES_TARGET;
      if (at >= this.#end || isEnough) break;
    }
    this.#lastBytes = bytes;
    this.#received.writeBytes(bytes, from, at);
    this.#at = at;
  }

  #readRow(bytes: Buffer, readers: readonly CellReader[], nulls: number, nullBytes: number): void {
    const row = this.#row;
    const vectors = this.#vectors;
    let at = nulls + nullBytes;
    for (let column = 0; column < readers.length; column++) {
      // Bounded by the loop, as below.
      if (isNullAt(bytes, nulls, column)) (vectors[column] as Vector).cells[row * 2 + 1] = CELL_NULL;
      else at = (readers[column] as CellReader)(bytes, at, row);
    }
  }

  #take(): Batch {
    const received = this.#received.view();
    const made = this.#made.view();
    const vectors = this.#vectors.map((vector, index): Vector => {
      const isMade = this.#columns[index]?.texts === 'made';
      return { ...vector, arena: isMade ? made : received };
    });
    const rowCount = this.#row;
    this.#row = 0;
    this.#received.clear();
    this.#made.clear();
    return { schema: this.#schema, rowCount, vectors };
  }
}

function isNullAt(bytes: Uint8Array, nulls: number, column: number): boolean {
  const bit = column + NULL_BITS_OFFSET;
  return ((bytes[nulls + (bit >> 3)] as number) & (1 << (bit & 7))) !== 0; // within the row
}

function lengthAt(bytes: Uint8Array, at: number): number {
  // A header of four bytes, as the stream leaves it.
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
