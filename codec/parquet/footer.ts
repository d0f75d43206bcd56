/** The end of a file: its schema, and where every column of every row group is. */
import { ByteSink } from '#spi/byte-sink.ts';
import type { Column } from '#spi/schema.ts';
import { physicalTypeOf } from './column-writer.ts';
import type { Chunk } from './column-writer.ts';
import { ThriftWriter } from './thrift-writer.ts';
import type { TimestampUnit } from './timestamp-words.ts';

export interface FooterOptions {
  readonly columns: readonly Column[];
  readonly codecId: number;
  readonly unit: TimestampUnit;
  readonly createdBy: string;
}

const OPTIONAL = 1;
/** Numbers of `ConvertedType`: what readers went by before there were logical types. */
const UTF8 = 0;
const TIMESTAMP_MICROS = 10;
const JSON_TEXT = 19;
/** Fields of the union `LogicalType`. */
const LOGICAL_STRING = 1;
const LOGICAL_TIMESTAMP = 8;
const LOGICAL_JSON = 12;
const unitFields: Readonly<Record<TimestampUnit, number>> = { micros: 2, nanos: 3 };

/** Row groups are kept as they will be written: some hundred bytes for each column of each of them. */
export class Footer {
  readonly #options: FooterOptions;
  readonly #groups = new ByteSink(4096);
  readonly #group = new ThriftWriter();
  #groupCount = 0;
  #rowCount = 0;

  constructor(options: FooterOptions) {
    this.#options = options;
  }

  /** Adds a row group that begins at the position. */
  addGroup(chunks: readonly Chunk[], position: number): void {
    const thrift = this.#group;
    thrift.clear();
    const rowCount = chunks[0]?.rowCount ?? 0;
    let at = position;
    thrift.list(1, 'struct', chunks.length);
    for (const [index, chunk] of chunks.entries()) {
      const start = at;
      thrift.structElement(() => this.#writeChunk(thrift, index, chunk, start));
      at += chunk.sizeBytes;
    }
    thrift.i64(
      2,
      sum(chunks, ({ plainBytes }) => plainBytes),
    );
    thrift.i64(3, rowCount);
    thrift.i64(5, position);
    thrift.i64(6, at - position);
    thrift.end();
    this.#groups.writeBytes(thrift.sink.view());
    this.#groupCount += 1;
    this.#rowCount += rowCount;
  }

  /** The footer with its length, without the mark that ends the file. */
  bytes(): Uint8Array {
    const { columns, createdBy } = this.#options;
    const thrift = new ThriftWriter();
    thrift.i32(1, 2);
    thrift.list(2, 'struct', columns.length + 1);
    thrift.structElement(() => {
      thrift.text(4, 'schema');
      thrift.i32(5, columns.length);
    });
    for (const column of columns) thrift.structElement(() => this.#writeColumn(thrift, column));
    thrift.i64(3, this.#rowCount);
    thrift.list(4, 'struct', this.#groupCount);
    thrift.sink.writeBytes(this.#groups.view());
    thrift.text(6, createdBy);
    // Without an order for each column readers ignore the bounds: all are ordered as their types are.
    thrift.list(7, 'struct', columns.length);
    for (const _column of columns) thrift.structElement(() => thrift.struct(1, () => {}));
    thrift.end();
    const { sink } = thrift;
    sink.reserve(4);
    sink.data.setUint32(sink.length, sink.length, true);
    sink.length += 4;
    return sink.view();
  }

  #writeColumn(thrift: ThriftWriter, { name, type }: Column): void {
    const { unit } = this.#options;
    thrift.i32(1, physicalTypeOf(type));
    thrift.i32(3, OPTIONAL);
    thrift.text(4, name.toWellFormed());
    if (type === 'string') {
      thrift.i32(6, UTF8);
      thrift.struct(10, () => thrift.struct(LOGICAL_STRING, () => {}));
    } else if (type === 'json') {
      thrift.i32(6, JSON_TEXT);
      thrift.struct(10, () => thrift.struct(LOGICAL_JSON, () => {}));
    } else if (type === 'timestamp') {
      if (unit === 'micros') thrift.i32(6, TIMESTAMP_MICROS);
      thrift.struct(10, () =>
        thrift.struct(LOGICAL_TIMESTAMP, () => {
          thrift.bool(1, true); // adjusted to UTC: an instant
          thrift.struct(2, () => thrift.struct(unitFields[unit], () => {}));
        }),
      );
    }
  }

  #writeChunk(thrift: ThriftWriter, index: number, chunk: Chunk, start: number): void {
    const { name, type } = this.#options.columns[index] as Column; // there is a chunk for each column
    thrift.i64(2, 0); // once the place of a copy of what follows
    thrift.struct(3, () => {
      thrift.i32(1, physicalTypeOf(type));
      thrift.list(2, 'i32', chunk.encodings.length);
      for (const encoding of chunk.encodings) thrift.i32Element(encoding);
      thrift.list(3, 'binary', 1);
      thrift.textElement(name.toWellFormed());
      thrift.i32(4, this.#options.codecId);
      thrift.i64(5, chunk.rowCount);
      thrift.i64(6, chunk.plainBytes);
      thrift.i64(7, chunk.sizeBytes);
      thrift.i64(9, start + chunk.dictionaryBytes);
      if (chunk.dictionaryBytes > 0) thrift.i64(11, start);
      thrift.struct(12, () => {
        thrift.i64(3, chunk.nullCount);
        if (chunk.bounds === undefined) return;
        thrift.binary(5, chunk.bounds.max);
        thrift.binary(6, chunk.bounds.min);
      });
    });
  }
}

function sum(chunks: readonly Chunk[], of: (chunk: Chunk) => number): number {
  return chunks.reduce((total, chunk) => total + of(chunk), 0);
}
