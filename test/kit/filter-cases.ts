/** A filter on a few rows, as its tests want to see it. */
import { valueAt } from '#spi/batch.ts';
import type { Batch, Timestamp } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { Context } from '#spi/context.ts';
import type { Filter, FilterFaults, FilterStream } from '#spi/records.ts';
import type { ColumnType, Schema } from '#spi/schema.ts';
import { keptLog } from './memory-plugins.ts';

/** A cell: json as its canonical text. */
export type Cell = null | boolean | bigint | number | string | Timestamp;

export interface Filtered {
  /** `name:type`, one after the other. */
  readonly schema: string;
  readonly rows: readonly (readonly Cell[])[];
  /** Codes of records left out, and of cells made null. */
  readonly rejected: readonly string[];
  readonly nulled: readonly string[];
}

/** A schema from `a:long b:string`. */
export function schemaOf(text: string): Schema {
  return {
    columns: text.split(' ').map((column) => {
      const [name = '', type = ''] = column.split(':');
      // Written by the tests themselves.
      return { name, type: type as ColumnType };
    }),
  };
}

export function filterContext(): Context {
  return {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
    isPreview: false,
  };
}

export interface FilterCaseOptions {
  readonly batchRows?: number;
  readonly context?: Context;
  /** Hears of faults instead of what is returned. */
  readonly faults?: FilterFaults;
}

/** The rows through the filter, `batchRows` at a time: a filter must not notice where batches end. */
export function filtered<C>(
  filter: Filter<C>,
  config: C,
  columns: string,
  rows: readonly (readonly Cell[])[],
  { batchRows = 1024, context = filterContext() }: FilterCaseOptions = {},
): Filtered {
  const input = schemaOf(columns);
  const stream = filter.open(config, input, context);
  const outcome = new Outcome();
  for (const batch of batchesOf(input, rows, batchRows)) {
    const result = stream.apply(batch, outcome.faults);
    if (result instanceof Promise) throw new TypeError('The filter has to be waited for.');
    outcome.add(result);
  }
  return outcome.of(stream);
}

/** The same for a filter that has to be waited for. */
export async function filteredLater<C>(
  filter: Filter<C>,
  config: C,
  columns: string,
  rows: readonly (readonly Cell[])[],
  { batchRows = 1024, context = filterContext(), faults }: FilterCaseOptions = {},
): Promise<Filtered> {
  const input = schemaOf(columns);
  const stream = filter.open(config, input, context);
  const outcome = new Outcome();
  try {
    for (const batch of batchesOf(input, rows, batchRows))
      outcome.add(await stream.apply(batch, faults ?? outcome.faults));
    return outcome.of(stream);
  } finally {
    await stream.close?.();
  }
}

class Outcome {
  readonly #rows: Cell[][] = [];
  readonly #rejected: string[] = [];
  readonly #nulled: string[] = [];
  readonly faults: FilterFaults = {
    reject: ({ reason }) => this.#rejected.push(reason.code),
    nullCell: (describe) => this.#nulled.push(describe().reason.code),
  };

  add(result: Batch | undefined): void {
    for (let row = 0; row < (result?.rowCount ?? 0); row++) {
      this.#rows.push((result?.vectors ?? []).map((vector) => valueAt(vector, row)));
    }
  }

  of({ schema }: FilterStream): Filtered {
    const columns = schema.columns.map(({ name, type }) => `${name}:${type}`).join(' ');
    return { schema: columns, rows: this.#rows, rejected: this.#rejected, nulled: this.#nulled };
  }
}

function* batchesOf(input: Schema, rows: readonly (readonly Cell[])[], batchRows: number): Generator<Batch> {
  for (let from = 0; from < rows.length; from += batchRows) {
    const builder = new BatchBuilder(input);
    for (const cells of rows.slice(from, from + batchRows)) {
      for (const [column, cell] of cells.entries()) setCell(builder, column, cell);
      builder.endRow();
    }
    const batch = builder.take();
    if (batch === undefined) return;
    yield batch;
  }
}

function setCell(builder: BatchBuilder, column: number, cell: Cell): void {
  if (typeof cell === 'boolean') builder.setBoolean(column, cell);
  else if (typeof cell === 'bigint') builder.setLong(column, cell);
  else if (typeof cell === 'number') builder.setDouble(column, cell);
  else if (typeof cell === 'string') builder.setString(column, cell);
  else if (cell !== null) builder.setTimestamp(column, cell.seconds, cell.nanos);
}

/** A timestamp cell from ISO text, with nanoseconds. */
export function at(text: string): Timestamp {
  const instant = Temporal.Instant.from(text);
  const seconds = Math.floor(instant.epochMilliseconds / 1000);
  return { seconds, nanos: Number(instant.epochNanoseconds - BigInt(seconds) * 1_000_000_000n) };
}
