/**
 * Rows of batches in COPY's text format: bytes to bytes, texts escaped, numbers that are canonical copied. A kernel
 * writes what it can (`codec/wasm`); everything else, and all of small tables, is written here.
 */
import { cellFlags, CELL_CANONICAL, CELL_PLAIN, isNull, textLength, textStart, timestampAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { formatDouble } from '#codec/number/double.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import { copyTextWriter } from '#codec/wasm/copy-writer-kernel.ts';
import type { KernelWriterOptions, RecordWriter, WrittenColumn } from '#codec/wasm/record-writer.ts';
import { TimePrinting } from '#codec/wasm/time-printing.ts';
import { postgresErrors } from './errors.ts';
import type { TargetColumn } from './target-columns.ts';
import { TimeWriter } from './time-text.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** Appends the value of a cell that is not null. */
type CellWriter = (sink: ByteSink, vector: Vector, row: number) => void;

/** The letter behind the backslash by byte; 0 for bytes that stand for themselves. */
const letters = new Uint8Array(256);
letters[BACKSLASH] = BACKSLASH;
letters[TAB] = 0x74;
letters[NEWLINE] = 0x6e;
letters[0x0d] = 0x72;
/** A byte that cannot be stored, among the letters. */
const NUL_LETTER = 1;
letters[0] = NUL_LETTER;

export class CopyWriter {
  readonly #sink = new ByteSink(256 * 1024);
  /** Rows that have been written. */
  rows = 0;
  readonly #columns: readonly TargetColumn[];
  readonly #writers: readonly CellWriter[];

  readonly #kernel: RecordWriter;

  constructor(schema: Schema, columns: readonly TargetColumn[], options: KernelWriterOptions = {}) {
    this.#columns = columns;
    // The plan has matched the columns to those of the schema.
    const sources = columns.map(({ source }) => schema.columns[source] as Column);
    this.#writers = columns.map((column, index) => cellWriter(sources[index] as Column, column)); // one for each
    this.#kernel = copyTextWriter({
      ...options,
      columns: columns.map((column, index) => writtenColumn(sources[index] as Column, column)), // as above
      writeCell: (sink, vector, column, row) => {
        if (column > 0) sink.writeByte(TAB);
        this.#writeCell(sink, column, vector, row);
      },
    });
  }

  /** The text of the batch; borrowed until the next call. */
  write(batch: Batch): Uint8Array {
    const { rowCount } = batch;
    const vectors = this.#columns.map(({ source }) => batch.vectors[source] as Vector); // matched by the plan
    const bytes = this.#kernel.write({ ...batch, vectors }) ?? this.#writeRows(vectors, rowCount);
    this.rows += rowCount;
    return bytes;
  }

  /** No more batches: memory taken for them is free for others. */
  release(): void {
    this.#kernel.release();
  }

  #writeRows(vectors: readonly Vector[], rowCount: number): Uint8Array {
    const sink = this.#sink;
    sink.clear();
    const last = vectors.length - 1;
    for (let row = 0; row < rowCount; row++) {
      for (let column = 0; column <= last; column++) {
        this.#writeCell(sink, column, vectors[column] as Vector, row); // bounded by the loop
        sink.writeByte(column === last ? NEWLINE : TAB);
      }
    }
    return sink.view();
  }

  #writeCell(sink: ByteSink, column: number, vector: Vector, row: number): void {
    try {
      if (isNull(vector, row)) writeNull(sink);
      else (this.#writers[column] as CellWriter)(sink, vector, row); // there is one for each column
    } catch (error) {
      if (!(error instanceof CellFault)) throw error;
      const { name, source } = this.#columns[column] as TargetColumn;
      const where = { record: this.rows + row + 1, field: name };
      const params = { column: name, source, value: error.value };
      throw postgresErrors.error(error.code, params, { where });
    }
  }
}

/** A value that cannot be written; the writer of rows knows where it stood. */
class CellFault extends Error {
  readonly code: 'PG_NUL_IN_TEXT' | 'PG_NOT_A_NUMBER';
  readonly value: string;

  constructor(code: CellFault['code'], value: string) {
    super(code);
    this.code = code;
    this.value = value;
  }
}

function cellWriter(column: Column, target: TargetColumn): CellWriter {
  if (target.kind === 'null') return writeNull;
  switch (column.type) {
    case 'boolean':
      return target.kind === 'integer' || target.kind === 'float' || target.kind === 'decimal'
        ? (sink, vector, row) => sink.writeByte(booleanAt(vector, row) ? 0x31 : 0x30)
        : (sink, vector, row) => sink.writeAscii(booleanAt(vector, row) ? 'true' : 'false');
    case 'long':
      return target.kind === 'boolean' ? writeSign : writeLong;
    case 'double':
      if (target.kind === 'boolean') return writeSign;
      return target.kind === 'integer' ? writeRounded : writeDouble;
    case 'timestamp':
      return timeWriter(target);
    case 'string':
    case 'json':
      return writeText;
  }
}

function writeNull(sink: ByteSink): void {
  sink.writeByte(BACKSLASH);
  sink.writeByte(0x4e);
}

function booleanAt(vector: Vector, row: number): boolean {
  return vector.type === 'boolean' && vector.values[row] === 1;
}

function writeSign(sink: ByteSink, vector: Vector, row: number): void {
  if (vector.type !== 'long' && vector.type !== 'double') return;
  sink.writeByte((vector.values[row] as bigint | number) > 0 ? 0x74 : 0x66); // rows are within the batch, as below
}

function writeLong(sink: ByteSink, vector: Vector, row: number): void {
  if (copyCanonical(sink, vector, row) || vector.type !== 'long') return;
  sink.writeAscii(String(vector.values[row]));
}

function writeDouble(sink: ByteSink, vector: Vector, row: number): void {
  if (copyCanonical(sink, vector, row) || vector.type !== 'double') return;
  sink.writeAscii(formatDouble(vector.values[row] as number));
}

/** Half away from zero, as Embulk does; what is no whole number of 64 bits is an error. */
function writeRounded(sink: ByteSink, vector: Vector, row: number): void {
  if (vector.type !== 'double') return;
  const value = vector.values[row] as number;
  const rounded = Math.sign(value) * Math.round(Math.abs(value));
  if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) throw new CellFault('PG_NOT_A_NUMBER', formatDouble(value));
  sink.writeAscii(String(BigInt(rounded)));
}

function copyCanonical(sink: ByteSink, vector: Vector, row: number): boolean {
  if ((cellFlags(vector, row) & CELL_CANONICAL) === 0) return false;
  const start = textStart(vector, row);
  sink.writeBytes(vector.arena, start, start + textLength(vector, row));
  return true;
}

function writeText(sink: ByteSink, vector: Vector, row: number): void {
  const start = textStart(vector, row);
  const end = start + textLength(vector, row);
  if ((cellFlags(vector, row) & CELL_PLAIN) !== 0) sink.writeBytes(vector.arena, start, end);
  else writeEscaped(sink, vector.arena, start, end);
}

function writeEscaped(sink: ByteSink, source: Uint8Array, start: number, end: number): void {
  // Every byte takes two at most.
  sink.reserve((end - start) * 2);
  const target = sink.bytes;
  let to = sink.length;
  for (let at = start; at < end; at++) {
    const byte = source[at] as number; // bounded by the loop
    const letter = letters[byte] as number;
    if (letter === 0) {
      target[to++] = byte;
    } else {
      if (letter === NUL_LETTER) throw new CellFault('PG_NUL_IN_TEXT', '');
      target[to++] = BACKSLASH;
      target[to++] = letter;
    }
  }
  sink.length = to;
}

/** How the kernel writes a column: as its writer would. */
function writtenColumn({ type }: Column, { kind, format, timezone }: TargetColumn): WrittenColumn {
  const isNumeric = kind === 'integer' || kind === 'float' || kind === 'decimal';
  const isForHost =
    kind === 'null' ||
    (type === 'boolean' && isNumeric) ||
    (type === 'long' && kind === 'boolean') ||
    (type === 'double' && (kind === 'boolean' || kind === 'integer'));
  const printing = type === 'timestamp' && !isForHost ? timePrinting(kind, format, timezone) : undefined;
  return { type, printing, isForHost };
}

/** Undefined for what the kernel cannot print. Years before the first are those before Christ, which have a mark. */
function timePrinting(kind: TargetColumn['kind'], format: string, timezone: string): TimePrinting | undefined {
  switch (kind) {
    case 'text':
      return format.includes('\0')
        ? undefined
        : TimePrinting.compile(timestampFormatter(format, timezone).source, { escape: escapedText });
    case 'date':
      return TimePrinting.compile({ format: '%Y-%m-%d', timezone }, { hasYearZero: false });
    case 'timestamp':
      return TimePrinting.compile({ format: '%Y-%m-%d %H:%M:%S.%6N', timezone }, { hasYearZero: false });
    case 'timestamptz':
    case 'other':
      return TimePrinting.compile({ format: '%Y-%m-%d %H:%M:%S.%6N+00', timezone: 'UTC' }, { hasYearZero: false });
    default:
      return undefined;
  }
}

function escapedText(text: string): Uint8Array {
  const sink = new ByteSink();
  const bytes = Buffer.from(text);
  writeEscaped(sink, bytes, 0, bytes.length);
  return sink.view();
}

function timeWriter({ kind, format, timezone }: TargetColumn): CellWriter {
  if (kind === 'text') {
    const formatter = timestampFormatter(format, timezone);
    const scratch = new ByteSink(64);
    return (sink, vector, row) => {
      if (vector.type !== 'timestamp') return;
      const { seconds, nanos } = timestampAt(vector, row);
      scratch.clear();
      formatter.write(scratch, seconds, nanos);
      writeEscaped(sink, scratch.bytes, 0, scratch.length);
    };
  }
  const zone = zoneOfName(timezone);
  const hasZone = kind === 'timestamptz' || kind === 'other';
  const writer = new TimeWriter(hasZone || zone === undefined ? undefined : (seconds) => zone.offsetAt(seconds));
  return (sink, vector, row) => {
    if (vector.type !== 'timestamp') return;
    if (kind === 'date') writer.writeDate(sink, vector, row);
    else if (kind === 'time') writer.writeTime(sink, vector, row);
    else writer.writeMoment(sink, vector, row, hasZone ? '+00' : '');
  };
}
