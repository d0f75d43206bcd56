/** Records and bytes as rules need them: batches from rows and back, and files cut into pieces. */
import assert from 'node:assert/strict';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { batchRowsMax, valueAt } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import type { Cell } from '#spi/conformance.ts';
import type { Bytes } from '#spi/files.ts';
import type { Schema } from '#spi/schema.ts';

/** What formats meet in the wild: quotes, separators, line breaks, limits of numbers, and nothing. */
export const tryingSchema: Schema = {
  columns: [
    { name: 'n', type: 'long' },
    { name: 's', type: 'string' },
    { name: 'd', type: 'double' },
  ],
};

export const tryingRows: readonly (readonly [bigint | null, string | null, number | null])[] = [
  [1n, 'plain', 1.5],
  [-(2n ** 63n), 'a "quoted" one, with a comma', -0],
  [2n ** 63n - 1n, "tab\t, backslash \\ and ' and `", 1.7976931348623157e308],
  [0n, 'é😀 山の上', 5e-324],
  [null, 'x', null],
  [7n, null, 0.1],
  [null, null, null],
  [8n, 'a\u0001control\u007f', 1e21],
  [9n, `long ${'text '.repeat(500)}`, -1e-7],
];

export function setCell(builder: BatchBuilder, column: number, cell: Cell | undefined): void {
  const { type } = builder.schema.columns[column] ?? { type: 'string' };
  if (cell === null || cell === undefined) return;
  if (typeof cell === 'object') builder.setTimestamp(column, cell.seconds, cell.nanos);
  else if (typeof cell === 'boolean') builder.setBoolean(column, cell);
  else if (type === 'long') builder.setLong(column, BigInt(cell));
  else if (type === 'double') builder.setDouble(column, Number(cell));
  else builder.setString(column, String(cell));
}

/** The rows as batches of so many rows. Each is lent, as in a run: its memory is used again for the next. */
export function* batchesOf(
  schema: Schema,
  rows: readonly (readonly Cell[])[],
  batchRows: number = batchRowsMax(schema),
): Generator<Batch> {
  const builder = new BatchBuilder(schema);
  for (const row of rows) {
    for (const column of schema.columns.keys()) setCell(builder, column, row[column]);
    builder.endRow();
    if (builder.rowCount < batchRows && !builder.isFull) continue;
    const batch = builder.take();
    if (batch !== undefined) yield batch;
  }
  const last = builder.take();
  if (last !== undefined) yield last;
}

export function rowsOf(batch: Batch): Cell[][] {
  return Array.from({ length: batch.rowCount }, (_, row) => batch.vectors.map((vector) => valueAt(vector, row)));
}

/** A batch holds what its schema says, and no more rows than it may. */
export function assertBatch(batch: Batch, schema: Schema): void {
  assert.ok(batch.rowCount > 0, 'a batch has rows');
  assert.ok(batch.rowCount <= batchRowsMax(schema), `a batch has at most ${batchRowsMax(schema)} rows`);
  const types = (columns: readonly { readonly type: string }[]): string[] => columns.map(({ type }) => type);
  assert.deepEqual(types(batch.vectors), types(schema.columns), 'a batch has the columns of its schema');
}

/** The bytes in pieces that end at the places. Each is lent: the memory is overwritten before the next. */
export async function* cut(bytes: Uint8Array, places: readonly number[] = []): Bytes {
  const memory = new Uint8Array(bytes.length);
  const edges = [0, ...places.map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b), bytes.length];
  for (const [index, edge] of edges.slice(1).entries()) {
    const part = bytes.subarray(edges[index], edge);
    memory.set(part);
    yield memory.subarray(0, part.length);
    memory.fill(0x2a);
  }
}

/** Ways to cut a file of that length: at every single place, byte by byte, and some in between. */
export function cutsOf(length: number): number[][] {
  const all = Array.from({ length }, (_, at) => at);
  const step = Math.max(1, Math.ceil(length / SINGLE_CUTS_MAX));
  const single = all.filter((at) => at % step === 0).map((at) => [at]);
  const often = [2, 3, 7].map((every) => all.filter((at) => at % every === 0));
  return [...single, ...(length <= BYTEWISE_MAX ? [all, ...often] : [])];
}

const SINGLE_CUTS_MAX = 300;
const BYTEWISE_MAX = 20_000;

export async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function asBytes(sample: string | Uint8Array): Uint8Array {
  return typeof sample === 'string' ? Buffer.from(sample) : sample;
}
