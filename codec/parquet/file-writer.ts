/**
 * Writes batches as a Parquet file, column by column: values go straight from the vectors into the pages. A row group
 * is held (its pages compressed) until it is full; the file is the mark, the row groups, the footer, the mark.
 */
import type { Batch } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { ColumnWriter } from './column-writer.ts';
import { parquetErrors } from './errors.ts';
import { Footer } from './footer.ts';
import { codecs } from './format.ts';
import type { Compression } from './format.ts';
import type { TimestampUnit } from './timestamp-words.ts';

export interface ParquetOptions {
  readonly compression: Compression;
  readonly timestampUnit: TimestampUnit;
  /** Bytes of values, before encoding and compression, that a row group holds, up to one batch more. */
  readonly rowGroupBytes: number;
}

/** Rows of a group at most, however narrow they are. */
const ROW_GROUP_ROWS_MAX = 256 * 1024;
/** Readers know faulty writers by this, and some mistrust the statistics of those whose form is another. */
const createdBy = 'ropeway version 0.1.0';
const mark = Buffer.from('PAR1');
const nothing = new Uint8Array(0);

/** One file: `begin` once, `write` for each batch, `end` once. */
export class ParquetWriter {
  readonly #rowGroupBytes: number;
  readonly #columns: readonly ColumnWriter[];
  readonly #footer: Footer;
  readonly #out = new ByteSink();
  #position = mark.length;
  #groupRows = 0;
  #groupBytes = 0;

  constructor({ columns }: Schema, options: ParquetOptions) {
    checkColumns(columns);
    const codec = codecs[options.compression];
    const unit = options.timestampUnit;
    const body = new ByteSink();
    this.#rowGroupBytes = options.rowGroupBytes;
    this.#columns = columns.map((column) => new ColumnWriter(column, { codec, unit, body }));
    this.#footer = new Footer({ columns, codecId: codec.id, unit, createdBy });
  }

  begin(): Uint8Array {
    return mark;
  }

  /** Takes the batch in. Returns a row group when it is full; borrowed until the next call. */
  write({ vectors, rowCount }: Batch): Uint8Array {
    for (const [index, column] of this.#columns.entries()) {
      const vector = vectors[index];
      if (vector !== undefined) this.#groupBytes += column.add(vector, rowCount);
    }
    this.#groupRows += rowCount;
    if (this.#groupBytes < this.#rowGroupBytes && this.#groupRows < ROW_GROUP_ROWS_MAX) return nothing;
    this.#out.clear();
    this.#endGroup();
    return this.#out.view();
  }

  end(): Uint8Array {
    this.#out.clear();
    if (this.#groupRows > 0) this.#endGroup();
    this.#out.writeBytes(this.#footer.bytes());
    this.#out.writeBytes(mark);
    return this.#out.view();
  }

  #endGroup(): void {
    const chunks = this.#columns.map((column) => column.take());
    this.#footer.addGroup(chunks, this.#position);
    for (const { parts } of chunks) for (const part of parts) this.#out.writeBytes(part);
    this.#position += this.#out.length;
    this.#groupRows = 0;
    this.#groupBytes = 0;
  }
}

function checkColumns(columns: readonly Column[]): void {
  if (columns.length === 0) {
    const advice = 'Leave at least one column in the records.';
    throw parquetErrors.error('PARQUET_COLUMNS', { reason: 'there are none', advice });
  }
  const seen = new Set<string>();
  for (const { name } of columns) {
    const written = name.toWellFormed();
    if (seen.has(written)) {
      const params = {
        reason: `two of them are named '${written}', and readers find columns by their names`,
        advice: 'Rename one: filters: [{type: rename, rules: [{rule: unique_number_suffix}]}].',
      };
      throw parquetErrors.error('PARQUET_COLUMNS', params);
    }
    seen.add(written);
  }
}
