/** Parquet files in memory: batches into bytes, and rows back. */
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { valueAt } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Bytes } from '#spi/files.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { ParquetWriter } from '#codec/parquet/file-writer.ts';
import type { ParquetOptions } from '#codec/parquet/file-writer.ts';
import { parquetParser } from '#connectors/parquet/parser.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';

export const parquetDefaults: ParquetOptions = {
  compression: 'zstd',
  timestampUnit: 'micros',
  rowGroupBytes: 16 * 1024 * 1024,
};

export function parquetBytes(
  schema: Schema,
  batches: Iterable<Batch>,
  options: Partial<ParquetOptions> = {},
): Uint8Array {
  const writer = new ParquetWriter(schema, { ...parquetDefaults, ...options });
  const parts = [Buffer.from(writer.begin())];
  // What is returned is lent until the next call.
  for (const batch of batches) parts.push(Buffer.from(writer.write(batch)));
  parts.push(Buffer.from(writer.end()));
  return Buffer.concat(parts);
}

/** A cell: for timestamps seconds and nanoseconds, for json its text. */
export type Cell = null | boolean | bigint | number | string | { readonly seconds: number; readonly nanos: number };

/** Batches of the rows; borrowed, as a parser's are. */
export function* batchesOf(schema: Schema, rows: Iterable<readonly Cell[]>): Generator<Batch> {
  const builder = new BatchBuilder(schema);
  for (const row of rows) {
    for (const [column, cell] of row.entries()) setCell(builder, column, cell);
    builder.endRow();
    const batch = builder.isFull ? builder.take() : undefined;
    if (batch !== undefined) yield batch;
  }
  const batch = builder.take();
  if (batch !== undefined) yield batch;
}

function setCell(builder: BatchBuilder, column: number, cell: Cell): void {
  if (cell === null) return;
  if (typeof cell === 'boolean') builder.setBoolean(column, cell);
  else if (typeof cell === 'bigint') builder.setLong(column, cell);
  else if (typeof cell === 'number') builder.setDouble(column, cell);
  else if (typeof cell === 'string') builder.setString(column, cell);
  else builder.setTimestamp(column, cell.seconds, cell.nanos);
}

export interface ReadBack {
  readonly rows: readonly unknown[][];
  /** Number of the record, code and words of each that was left out. */
  readonly rejected: readonly string[];
}

/** What the parser makes of a file, or of its beginning. Whatever the parser leaves in its folder is an error. */
export async function readParquet(
  bytes: Uint8Array,
  columns: readonly Column[],
  { rowsMax = Infinity } = {},
): Promise<ReadBack> {
  const rows: unknown[][] = [];
  const rejected: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  const ctx: TaskContext = {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => folder,
    transactionTime: new Date(0),
    isPreview: false,
    taskIndex: 0,
    reject: ({ reason, where }) => rejected.push(`${where.record} ${reason.code} ${reason.message}`),
    progress: () => {},
  };
  try {
    const config = { columns: columns.map(({ name, type }) => ({ name, type })) };
    for await (const batch of parquetParser.parse(config, { name: '/a.parquet', bytes: inPieces(bytes) }, ctx)) {
      for (let row = 0; row < batch.rowCount; row++) rows.push(batch.vectors.map((vector) => valueAt(vector, row)));
      if (rows.length >= rowsMax) break;
    }
  } finally {
    await rmdir(folder);
  }
  return { rows, rejected };
}

const PIECE_BYTES = 100_000;

/** The same memory for each piece: they are only lent. */
async function* inPieces(bytes: Uint8Array): Bytes {
  // A Buffer, as files give it: its `slice` is no copy.
  const memory = Buffer.alloc(PIECE_BYTES);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    memory.set(piece);
    yield memory.subarray(0, piece.length);
    memory.fill(0x2a);
  }
}
