/** One column of the row group at hand: its pages, compressed as they fill up, and what the footer says of them. */
import { assert } from '#spi/assert.ts';
import { CELL_NULL } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import type { Column } from '#spi/schema.ts';
import { BooleanValues } from './boolean-values.ts';
import { ByteValues } from './byte-values.ts';
import { FixedValues } from './fixed-values.ts';
import { encodings, pageTypes, physicalTypes } from './format.ts';
import type { Codec } from './format.ts';
import { writeHybrid } from './hybrid.ts';
import { ThriftWriter } from './thrift-writer.ts';
import { timestampWords } from './timestamp-words.ts';
import type { TimestampUnit } from './timestamp-words.ts';
import { grown } from './values.ts';
import type { Bounds, ColumnValues } from './values.ts';

/** Readers take a page as a whole; larger ones compress little better. */
const PAGE_BYTES = 1024 * 1024;
const PAGE_ROWS = 64 * 1024;

/** A column chunk whose position in the file is still open. */
export interface Chunk {
  /** Headers and pages in order. */
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** The same without compression. */
  readonly plainBytes: number;
  /** Bytes of the dictionary page, which comes first; 0 without one. */
  readonly dictionaryBytes: number;
  readonly encodings: readonly number[];
  readonly rowCount: number;
  readonly nullCount: number;
  readonly bounds: Bounds | undefined;
}

export class ColumnWriter {
  readonly #codec: Codec;
  readonly #values: ColumnValues;
  readonly #body: ByteSink;
  readonly #header = new ThriftWriter();
  /** Of the page: 1 for a value, 0 for null. */
  #levels = new Uint8Array(0);
  #pageRows = 0;
  #pageBytes = 0;
  #parts: Uint8Array[] = [];
  #plainBytes = 0;
  #encodings = new Set<number>();
  #rowCount = 0;
  #nullCount = 0;

  /** `body` is memory for one page, shared by all columns. */
  constructor(column: Column, { codec, unit, body }: { codec: Codec; unit: TimestampUnit; body: ByteSink }) {
    this.#codec = codec;
    this.#body = body;
    this.#values = valuesOf(column, unit);
  }

  /** Takes a batch's column. Returns the size of its values. */
  add(vector: Vector, rowCount: number): number {
    this.#addLevels(vector.cells, rowCount);
    const size = this.#values.add(vector, rowCount);
    this.#pageBytes += size;
    if (this.#pageRows >= PAGE_ROWS || this.#pageBytes >= PAGE_BYTES) this.#endPage();
    return size;
  }

  /** The chunk of all rows since the last one. */
  take(): Chunk {
    if (this.#pageRows > 0) this.#endPage();
    const dictionary = this.#dictionaryParts();
    const parts = [...dictionary, ...this.#parts];
    const chunk: Chunk = {
      parts,
      sizeBytes: lengthOf(parts),
      plainBytes: this.#plainBytes,
      dictionaryBytes: lengthOf(dictionary),
      encodings: [encodings.rle, ...this.#encodings],
      rowCount: this.#rowCount,
      nullCount: this.#nullCount,
      bounds: this.#values.bounds(),
    };
    this.#values.clear();
    this.#parts = [];
    this.#plainBytes = 0;
    this.#encodings = new Set();
    this.#rowCount = 0;
    this.#nullCount = 0;
    return chunk;
  }

  #addLevels(cells: Uint32Array, rowCount: number): void {
    this.#levels = grown(this.#levels, this.#pageRows, this.#pageRows + rowCount);
    const levels = this.#levels;
    let at = this.#pageRows;
    let nulls = 0;
    for (let row = 0; row < rowCount; row++) {
      const level = (cells[row * 2 + 1] as number) & CELL_NULL ? 0 : 1; // bounded by the loop
      levels[at++] = level;
      nulls += 1 - level;
    }
    this.#pageRows = at;
    this.#nullCount += nulls;
    this.#rowCount += rowCount;
  }

  #endPage(): void {
    const body = this.#body;
    body.clear();
    // The levels' length, which is known behind them.
    body.reserve(4);
    body.length = 4;
    writeHybrid(body, this.#levels, this.#pageRows, 1);
    body.data.setUint32(0, body.length - 4, true);
    const encoding = this.#values.writePage(body);
    this.#encodings.add(encoding);
    const rows = this.#pageRows;
    this.#parts.push(
      ...this.#page(body.view(), pageTypes.data, (header) => {
        header.struct(5, () => {
          header.i32(1, rows);
          header.i32(2, encoding);
          header.i32(3, encodings.rle);
          header.i32(4, encodings.rle);
        });
      }),
    );
    this.#pageRows = 0;
    this.#pageBytes = 0;
  }

  #dictionaryParts(): Uint8Array[] {
    const dictionary = this.#values.dictionary();
    if (dictionary === undefined) return [];
    this.#encodings.add(encodings.plain);
    return this.#page(dictionary.bytes, pageTypes.dictionary, (header) => {
      header.struct(7, () => {
        header.i32(1, dictionary.count);
        header.i32(2, encodings.plain);
      });
    });
  }

  #page(plain: Uint8Array, type: number, describe: (header: ThriftWriter) => void): Uint8Array[] {
    const packed = this.#codec.compress(plain);
    const header = this.#header;
    header.clear();
    header.i32(1, type);
    header.i32(2, plain.length);
    header.i32(3, packed.length);
    describe(header);
    header.end();
    this.#plainBytes += header.sink.length + plain.length;
    return [header.sink.view().slice(), packed];
  }
}

function valuesOf({ name, type }: Column, unit: TimestampUnit): ColumnValues {
  switch (type) {
    case 'boolean':
      return new BooleanValues();
    case 'long':
    case 'double':
      return new FixedValues(type, (vector, rowCount) => {
        assert(vector.type === 'long' || vector.type === 'double', 'the vector has the type of its column');
        return new Int32Array(vector.values.buffer, vector.values.byteOffset, rowCount * 2);
      });
    case 'timestamp':
      return new FixedValues('long', timestampWords(name, unit));
    case 'string':
    case 'json':
      return new ByteValues();
  }
}

export function physicalTypeOf(type: Column['type']): number {
  switch (type) {
    case 'boolean':
      return physicalTypes.boolean;
    case 'long':
    case 'timestamp':
      return physicalTypes.int64;
    case 'double':
      return physicalTypes.double;
    case 'string':
    case 'json':
      return physicalTypes.byteArray;
  }
}

export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
