/** The parquet parser: the file is put where it can be read anywhere, then goes through in ranges of rows. */
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Parser } from '#spi/files.ts';
import type { Column } from '#spi/schema.ts';
import { openParquet } from './client.ts';
import type { Node, ParquetFile } from './client.ts';
import { setterOf } from './column-setters.ts';
import type { Setter } from './column-setters.ts';
import type { ParquetParserConfig } from './config.ts';
import { parquetFileErrors } from './errors.ts';
import { columnsAsYaml, naturalTypeOf, titleOf } from './node-words.ts';
import { shownValue } from './shown-value.ts';
import { spool } from '#connectors/spool/spool.ts';

export const parquetParser: Parser<ParquetParserConfig> = {
  schema: ({ columns }) => ({ columns }),

  async *parse({ columns }, { name, bytes }, ctx) {
    await using source = await spool(bytes, ctx);
    // No bytes at all are no records, as for every parser: tools that write no rows leave such files.
    if (source.sizeBytes === 0) return;
    try {
      const file = await openParquet(source);
      const readers = columns.map((column) => readerOf(column, file.columns));
      yield* new Rows(columns, readers, { file: name, ctx }).read(file);
    } catch (error) {
      throw isRopewayError(error) ? withPlace(error, { file: name }) : error;
    }
  },
};

interface ColumnReader {
  readonly column: Column;
  readonly node: Node;
  readonly set: Setter;
}

function readerOf(column: Column, nodes: readonly Node[]): ColumnReader {
  const node = nodes.find(({ name }) => name === column.name);
  if (node === undefined) {
    const params = { column: column.name, columns: columnsAsYaml(nodes) };
    throw parquetFileErrors.error('PARQUET_COLUMN_MISSING', params);
  }
  if (node.shape.kind === 'scalar' && node.shape.scalar.kind === 'unsupported') {
    throw parquetFileErrors.error('PARQUET_UNSUPPORTED', { column: column.name, type: titleOf(node) });
  }
  const set = setterOf(node, column.type);
  if (set === undefined) {
    const params = { column: column.name, type: titleOf(node), wanted: column.type, natural: naturalTypeOf(node) };
    throw parquetFileErrors.error('PARQUET_COLUMN_TYPE', params);
  }
  return { column, node, set };
}

class Rows {
  readonly #readers: readonly ColumnReader[];
  readonly #place: { readonly file: string; readonly ctx: TaskContext };
  readonly #builder: BatchBuilder;

  constructor(
    columns: readonly Column[],
    readers: readonly ColumnReader[],
    place: { readonly file: string; readonly ctx: TaskContext },
  ) {
    this.#readers = readers;
    this.#place = place;
    this.#builder = new BatchBuilder({ columns });
  }

  async *read(file: ParquetFile): AsyncGenerator<Batch> {
    for (const range of file.ranges(this.#readers.map(({ column }) => column.name))) {
      const values: ArrayLike<unknown>[] = [];
      for (const { column } of this.#readers) values.push(await file.read(column.name, range));
      const [from, to] = range;
      for (let row = 0; row < to - from; row++) {
        this.#addRow(values, row, from + row + 1);
        if (!this.#builder.isFull) continue;
        const batch = this.#builder.take();
        if (batch !== undefined) yield batch;
      }
      const batch = this.#builder.take();
      if (batch !== undefined) yield batch;
    }
  }

  #addRow(values: readonly ArrayLike<unknown>[], row: number, record: number): void {
    const builder = this.#builder;
    const before = builder.arena.length;
    for (let column = 0; column < this.#readers.length; column++) {
      const value = values[column]?.[row];
      if (value === null || value === undefined) continue;
      const reader = this.#readers[column] as ColumnReader; // bounded by the loop
      if (reader.set(builder, column, value)) continue;
      builder.dropRow(before);
      this.#reject(reader, value, record);
      return;
    }
    builder.endRow();
  }

  #reject({ column, node }: ColumnReader, value: unknown, record: number): void {
    const { file, ctx } = this.#place;
    const shown = shownValue(node, value);
    const reason: RopewayError = parquetFileErrors.error('PARQUET_VALUE', {
      value: shown,
      column: column.name,
      expected: expectedOf[column.type],
    });
    ctx.reject({ reason, where: { file, record, field: column.name }, text: shown });
  }
}

const expectedOf: Readonly<Record<Column['type'], string>> = {
  boolean: 'a boolean',
  long: 'a whole number of 64 bits',
  double: 'a number that a double holds exactly',
  string: 'text in UTF-8',
  timestamp: 'a timestamp within the years that 64 bits of microseconds hold',
  json: 'JSON',
};
