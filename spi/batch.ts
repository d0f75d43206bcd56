/**
 * The layout of records in motion: structure of arrays, about 1,024 rows, small enough to stay in the second-level
 * cache. One layout for every plugin, readable and writable by JavaScript and by WebAssembly alike.
 *
 * Every column has `cells`: two 32-bit words per row, the first byte of the cell's text in `arena`, and the length of
 * the text with the flag bits above it. A string or json cell *is* that text. A cell of another type has its value in
 * `values`; its text is the source it was parsed from (length 0 when it came from elsewhere), and when CANONICAL is
 * set that text is exactly what printing the value would give, so writers copy it.
 *
 * Text is UTF-8, already unquoted and unescaped. A json cell holds one JSON value in canonical form: no white space,
 * key order and duplicate keys kept, numbers as Java prints them (`codec/json`).
 *
 * Ownership: a batch is *borrowed*. It is valid until its producer is asked for the next one; whoever keeps it longer
 * copies it (`copyBatch`). Nobody changes a batch received; a filter makes new vectors for the columns it changes and
 * passes the others on.
 */
import type { Column, Schema } from './schema.ts';

/** The cell is null. Its value and text are undefined. */
export const CELL_NULL = 0x8000_0000;
/** The text holds none of `"`, `\` and the bytes below 0x20: JSON needs no escaping. Unset means "not known". */
export const CELL_PLAIN = 0x4000_0000;
/** The text is what printing the value gives (Java's rules): writers may copy it. */
export const CELL_CANONICAL = 0x2000_0000;
/** The text holds lone surrogates, each as three bytes ED A0..BF xx (WTF-8). Rare; readers of text must look. */
export const CELL_SURROGATE = 0x1000_0000;
/** The low 28 bits are the length of the text in bytes. */
export const CELL_LENGTH_MASK = 0x0fff_ffff;

/** The longest text of one cell: what 28 bits can say. Producers refuse longer ones with an error. */
export const CELL_BYTES_MAX = CELL_LENGTH_MASK;
/** Rows of a batch at most: 1,024 rows of an ordinary table are about 100 KB. */
export const BATCH_ROWS_MAX = 1024;
/** Cells of a batch at most, so that a table of 100,000 columns does not claim gigabytes. */
export const BATCH_CELLS_MAX = 256 * 1024;
/** A producer ends a batch when its text reaches this size: wide rows, too, stay in the second-level cache. */
export const BATCH_BYTES_TARGET = 256 * 1024;

/** Rows that a batch of this schema holds at most: `BATCH_ROWS_MAX`, fewer for very wide tables, at least one. */
export function batchRowsMax(schema: Schema): number {
  const columns = Math.max(1, schema.columns.length);
  return Math.max(1, Math.min(BATCH_ROWS_MAX, Math.floor(BATCH_CELLS_MAX / columns)));
}

interface Cells {
  readonly cells: Uint32Array;
  readonly arena: Uint8Array;
}

export interface BooleanVector extends Cells {
  readonly type: 'boolean';
  /** 0 or 1. */
  readonly values: Uint8Array;
}
export interface LongVector extends Cells {
  readonly type: 'long';
  readonly values: BigInt64Array;
}
export interface DoubleVector extends Cells {
  readonly type: 'double';
  readonly values: Float64Array;
}
export interface TimestampVector extends Cells {
  readonly type: 'timestamp';
  /** Microseconds since 1970-01-01T00:00:00Z, rounded down. */
  readonly values: BigInt64Array;
  /** Nanoseconds above `values`, 0 to 999. */
  readonly nanos: Uint16Array;
}
export interface StringVector extends Cells {
  readonly type: 'string';
}
export interface JsonVector extends Cells {
  readonly type: 'json';
}

/** One column of a batch. */
export type Vector = BooleanVector | LongVector | DoubleVector | TimestampVector | StringVector | JsonVector;

export interface Batch {
  readonly schema: Schema;
  readonly rowCount: number;
  /** One vector per column of the schema, of the same type; arrays may be longer than `rowCount`. */
  readonly vectors: readonly Vector[];
}

export function isNull(vector: Vector, row: number): boolean {
  // The loops of callers bound `row`; the same holds for the other accessors.
  return ((vector.cells[row * 2 + 1] as number) & CELL_NULL) !== 0;
}

export function textStart(vector: Vector, row: number): number {
  return vector.cells[row * 2] as number;
}

export function textLength(vector: Vector, row: number): number {
  return (vector.cells[row * 2 + 1] as number) & CELL_LENGTH_MASK;
}

/** The flag bits of the cell (`CELL_…`), without the length. */
export function cellFlags(vector: Vector, row: number): number {
  return ((vector.cells[row * 2 + 1] as number) & ~CELL_LENGTH_MASK) >>> 0;
}

/** The bytes of the cell's text, borrowed from the arena. */
export function bytesAt(vector: Vector, row: number): Uint8Array {
  const start = textStart(vector, row);
  return vector.arena.subarray(start, start + textLength(vector, row));
}

/** The text of a string or json cell as a JavaScript string. Costs 50 to 400 ns: not for inner loops. */
export function stringAt(vector: Vector, row: number): string {
  const start = textStart(vector, row);
  const end = start + textLength(vector, row);
  if (cellFlags(vector, row) & CELL_SURROGATE) return decodeWtf8(vector.arena, start, end);
  return asBuffer(vector.arena).toString('utf8', start, end);
}

/** Values as JavaScript sees them. A timestamp is its epoch seconds and nanoseconds of the second. */
export interface Timestamp {
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

const MICROS_PER_SECOND = 1_000_000n;

/** Epoch seconds and nanoseconds of the second (never negative) of a timestamp cell. */
export function timestampAt(vector: TimestampVector, row: number): Timestamp {
  const micros = vector.values[row] as bigint;
  let seconds = micros / MICROS_PER_SECOND;
  let rest = micros % MICROS_PER_SECOND;
  if (rest < 0n) {
    seconds -= 1n;
    rest += MICROS_PER_SECOND;
  }
  return { seconds: Number(seconds), nanos: Number(rest) * 1000 + (vector.nanos[row] as number) };
}

/** Any cell as a JavaScript value; json as its text. For previews, filters off the hot path, and tests. */
export function valueAt(vector: Vector, row: number): null | boolean | bigint | number | string | Timestamp {
  if (isNull(vector, row)) return null;
  switch (vector.type) {
    case 'boolean':
      return vector.values[row] === 1;
    case 'long':
    case 'double':
      return vector.values[row] as bigint | number;
    case 'timestamp':
      return timestampAt(vector, row);
    case 'string':
    case 'json':
      return stringAt(vector, row);
  }
}

/** The same batch in memory of its own. */
export function copyBatch(batch: Batch): Batch {
  return { ...batch, vectors: batch.vectors.map((vector) => copyVector(vector, batch.rowCount)) };
}

/** A view of the batch under another schema: same types, other names or formats. */
export function withSchema(batch: Batch, schema: Schema): Batch {
  return { schema, rowCount: batch.rowCount, vectors: batch.vectors };
}

/** An empty vector for `rows` rows of the column's type over the arena. */
export function newVector(type: Column['type'], rows: number, arena: Uint8Array): Vector {
  const cells = new Uint32Array(rows * 2);
  switch (type) {
    case 'boolean':
      return { type, cells, arena, values: new Uint8Array(rows) };
    case 'long':
      return { type, cells, arena, values: new BigInt64Array(rows) };
    case 'double':
      return { type, cells, arena, values: new Float64Array(rows) };
    case 'timestamp':
      return { type, cells, arena, values: new BigInt64Array(rows), nanos: new Uint16Array(rows) };
    case 'string':
    case 'json':
      return { type, cells, arena };
  }
}

function copyVector(vector: Vector, rows: number): Vector {
  let size = 0;
  for (let row = 0; row < rows; row++) size += isNull(vector, row) ? 0 : textLength(vector, row);
  const arena = new Uint8Array(size);
  const cells = vector.cells.slice(0, rows * 2);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (isNull(vector, row)) continue;
    const bytes = bytesAt(vector, row);
    arena.set(bytes, at);
    cells[row * 2] = at;
    at += bytes.length;
  }
  switch (vector.type) {
    case 'boolean':
      return { ...vector, cells, arena, values: vector.values.slice(0, rows) };
    case 'long':
      return { ...vector, cells, arena, values: vector.values.slice(0, rows) };
    case 'double':
      return { ...vector, cells, arena, values: vector.values.slice(0, rows) };
    case 'timestamp':
      return { ...vector, cells, arena, values: vector.values.slice(0, rows), nanos: vector.nanos.slice(0, rows) };
    case 'string':
    case 'json':
      return { ...vector, cells, arena };
  }
}

// A Buffer over the same memory decodes short strings four times faster than TextDecoder; one per arena is enough.
const buffers = new WeakMap<Uint8Array, Buffer>();

function asBuffer(arena: Uint8Array): Buffer {
  let buffer = buffers.get(arena);
  if (buffer === undefined) {
    buffer = Buffer.from(arena.buffer, arena.byteOffset, arena.byteLength);
    buffers.set(arena, buffer);
  }
  return buffer;
}

function decodeWtf8(bytes: Uint8Array, start: number, end: number): string {
  const buffer = asBuffer(bytes);
  let text = '';
  let from = start;
  for (let at = start; at + 2 < end; at++) {
    const second = bytes[at + 1] as number;
    if (bytes[at] !== 0xed || second < 0xa0) continue;
    const unit = 0xd000 | ((second & 0x3f) << 6) | ((bytes[at + 2] as number) & 0x3f);
    text += buffer.toString('utf8', from, at) + String.fromCharCode(unit);
    at += 2;
    from = at + 1;
  }
  return text + buffer.toString('utf8', from, end);
}
