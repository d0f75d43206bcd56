/** Rows of batches as the server takes them: bytes to bytes. Values that would not fit are found here. */
import { isNull } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { CellFault, cellWriter } from './cell-writers.ts';
import type { CellWriter } from './cell-writers.ts';
import type { Dialect } from './dialect.ts';
import { mysqlErrors } from './errors.ts';
import type { TargetColumn } from './target-columns.ts';

export interface RowWriterOptions {
  readonly schema: Schema;
  readonly columns: readonly TargetColumn[];
  readonly dialect: Dialect;
  readonly skipsInvalid: boolean;
  readonly ctx: Pick<TaskContext, 'reject'>;
}

export class RowWriter {
  sink: ByteSink;
  /** Records that have been looked at. */
  records = 0;
  /** Records in the sink, in their order. */
  readonly held: number[] = [];
  readonly #options: RowWriterOptions;
  readonly #writers: readonly CellWriter[];

  constructor(options: RowWriterOptions, sink: ByteSink) {
    const { schema, columns, dialect } = options;
    this.#options = options;
    this.sink = sink;
    // The plan has matched the columns to those of the schema.
    this.#writers = columns.map((column) => cellWriter(schema.columns[column.source] as Column, column, dialect));
  }

  write(batch: Batch): void {
    const vectors = this.#options.columns.map(({ source }) => batch.vectors[source] as Vector); // as above
    for (let row = 0; row < batch.rowCount; row++) {
      this.records += 1;
      const start = this.sink.length;
      const column = this.#writeRow(vectors, row);
      if (column < 0) this.held.push(this.records);
      else this.sink.length = start;
    }
  }

  /** Returns the column of a value that did not fit, or -1. */
  #writeRow(vectors: readonly Vector[], row: number): number {
    const { columns, dialect } = this.#options;
    const { sink } = this;
    const last = columns.length - 1;
    sink.writeAscii(dialect.rowStart);
    for (let column = 0; column <= last; column++) {
      const vector = vectors[column] as Vector; // bounded by the loop, as below
      const target = columns[column] as TargetColumn;
      try {
        if (!isNull(vector, row)) (this.#writers[column] as CellWriter)(sink, vector, row);
        else if (target.isMandatory) throw new CellFault('MYSQL_NULL', '');
        else sink.writeAscii(dialect.nullText);
      } catch (error) {
        this.#refuse(error, target);
        return column;
      }
      sink.writeAscii(column === last ? dialect.rowEnd : dialect.separator);
    }
    return -1;
  }

  #refuse(error: unknown, { name, sqlType }: TargetColumn): void {
    if (!(error instanceof CellFault)) throw error;
    const where = { record: this.records, field: name };
    const reason = mysqlErrors.error(
      error.code,
      { column: name, value: error.value, target: shortType(sqlType) },
      { where },
    );
    if (!this.#options.skipsInvalid) throw reason;
    this.#options.ctx.reject({ reason, where, text: error.value });
  }
}

/** As people write it. */
function shortType(sqlType: string): string {
  return sqlType.replace(/ CHARACTER SET .*$| NULL$/i, '');
}
