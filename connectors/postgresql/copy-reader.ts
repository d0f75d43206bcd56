/**
 * Rows of COPY's text format: cells end with a tab, rows with a newline, `\N` is null, and a backslash escapes what
 * would end either. The kernel for CSV reads the rows (`codec/wasm`); those that it does not know, and all of them
 * where there is no kernel, are read here.
 */
import { BATCH_BYTES_TARGET, CELL_BYTES_MAX, CELL_LENGTH_MASK, CELL_NULL, CELL_PLAIN } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import type { Logger } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { TextMemory } from '#codec/csv/text-memory.ts';
import { CsvKernel } from '#codec/wasm/csv-kernel.ts';
import { acquireKernel } from '#codec/wasm/kernel.ts';
import type { Kernel } from '#codec/wasm/kernel.ts';
import { cellReader } from './cell-readers.ts';
import type { CellReader, CellText, ReaderSpec } from './cell-readers.ts';
import { CopyCells } from './copy-cells.ts';
import { postgresErrors } from './errors.ts';
import { kernelColumn } from './kernel-columns.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** Bytes of a row at most: longer than any cell that a batch takes, and a bound for what waits in memory. */
const ROW_BYTES_MAX = 512 * 1024 * 1024;
/** A row that is longer is not for the kernel, whose memory does not grow. */
const KERNEL_TEXT_BYTES_MAX = 16 * 1024 * 1024;
/** Of memory that grows. */
const MEMORY_BYTES = 64 * 1024;

/** Classes of bytes: a cell that holds none of ODD and ESCAPE is plain (spi/batch.ts). */
const ODD = 1;
const ESCAPE = 2;
const END = 4;
const classes = new Uint8Array(256).fill(ODD, 0, 0x20);
classes[0x22] = ODD;
classes[BACKSLASH] = ESCAPE;
classes[TAB] = END;
classes[NEWLINE] = END;

/** What the letter behind a backslash means; every other byte means itself. */
const escapes = new Uint8Array(256).map((_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 })) {
  escapes[letter.charCodeAt(0)] = byte;
}

const dialect = {
  delimiter: '\t',
  quote: null,
  escape: null,
  newline: '\n',
  trimIfNotQuoted: false,
  maxQuotedSizeLimit: 0,
  commentLineMarker: null,
  hasTextEscapes: true,
} as const;

export class CopyReader {
  readonly #schema: Schema;
  readonly #specs: readonly ReaderSpec[];
  readonly #readers: readonly CellReader[];
  /** The text at hand: rows that are to be read, up to `#end`, and the beginning of one whose end has not come. */
  #memory = new TextMemory(MEMORY_BYTES);
  #cells: CopyCells;
  #at = 0;
  #end = 0;
  #kernel: Kernel | undefined;
  #rows: CsvKernel | undefined;
  /** No kernel is asked for any more. */
  #isSettled = false;
  #bytesFed = 0;
  readonly #text: CellText = { bytes: this.#memory.bytes, start: 0, end: 0, flags: 0 };
  #lastStart = 0;
  #lastEnd = -1;

  constructor(schema: Schema, specs: readonly ReaderSpec[], log: Logger) {
    this.#schema = schema;
    this.#specs = specs;
    this.#readers = specs.map((spec) => cellReader(spec, log));
    this.#cells = new CopyCells(schema, this.#memory);
  }

  /** Takes a piece in, when `next` has given all that was in the one before. */
  feed(piece: Uint8Array): void {
    this.#bytesFed += piece.length;
    const size = this.#memory.end - this.#at + piece.length;
    if (size > ROW_BYTES_MAX) throw postgresErrors.error('PG_ROW_SIZE', { limit: ROW_BYTES_MAX });
    this.#choose(size);
    this.#memory.room(this.#at, piece.length).set(piece);
    this.#at = this.#memory.start;
    this.#memory.append(piece.length);
    const last = piece.lastIndexOf(NEWLINE);
    this.#end = last < 0 ? this.#at : this.#memory.end - piece.length + last + 1;
  }

  /** The next rows of what was fed, or undefined. Valid until the next call. */
  next(): Batch | undefined {
    const cells = this.#cells;
    const end = Math.min(this.#end, this.#at + BATCH_BYTES_TARGET);
    while (cells.row < cells.rowsMax && this.#at < end) {
      if (this.#rows !== undefined) this.#readByKernel(this.#rows, end);
      if (cells.row < cells.rowsMax && this.#at < end) this.#row();
    }
    return cells.take();
  }

  /** All pieces have been taken in. */
  end(): void {
    if (this.#memory.end > this.#at) throw this.#broken();
  }

  /** Batches are invalid from here on. */
  close(): void {
    this.#kernel?.release();
    this.#kernel = undefined;
  }

  /** The texts of the last row, or undefined when there was none. */
  lastRow(): readonly (string | null)[] | undefined {
    if (this.#lastEnd < 0) return undefined;
    const line = Buffer.from(this.#memory.bytes.subarray(this.#lastStart, this.#lastEnd)).toString('utf8');
    return line.split('\t').map((cell) => (cell === '\\N' ? null : unescapeText(cell)));
  }

  /** Takes a kernel as soon as it pays, and leaves it when a row is too long for it. */
  #choose(size: number): void {
    if (size > KERNEL_TEXT_BYTES_MAX) {
      this.#isSettled = true;
      if (this.#kernel !== undefined) {
        const kernel = this.#kernel;
        this.#kernel = undefined;
        this.#rows = undefined;
        this.#move(new TextMemory(size), undefined);
        kernel.release();
      }
    } else if (!this.#isSettled) {
      const kernel = acquireKernel(this.#bytesFed);
      if (kernel !== undefined) this.#take(kernel);
    }
  }

  #take(kernel: Kernel): void {
    this.#isSettled = true;
    const columns = this.#schema.columns.map((column, index) => kernelColumn(column, this.#specs[index]));
    const memory = new TextMemory(MEMORY_BYTES, undefined, kernel);
    const rows = CsvKernel.open({ columns, dialect, nullString: null }, kernel);
    if (rows === undefined || memory.limit === Infinity) {
      kernel.release();
      return;
    }
    this.#kernel = kernel;
    this.#rows = rows;
    this.#move(memory, rows);
  }

  /** The text at hand goes on in other memory. */
  #move(memory: TextMemory, rows: CsvKernel | undefined): void {
    const rest = this.#memory.bytes.subarray(this.#at, this.#memory.end);
    memory.room(memory.start, rest.length).set(rest);
    memory.append(rest.length);
    this.#memory = memory;
    this.#at = memory.start;
    this.#cells = new CopyCells(this.#schema, memory, rows?.vectors);
  }

  /** Reads rows that begin before `end`, up to one that is not for the kernel. */
  #readByKernel(rows: CsvKernel, end: number): void {
    const cells = this.#cells;
    const memory = this.#memory;
    const range = { position: this.#at, limit: end, row: cells.row, rowMax: cells.rowsMax };
    // Every row that begins before the end is there as a whole.
    rows.parse(range, { end: memory.end, isLast: false, sideEnd: memory.sideEnd, sideLimit: memory.limit });
    memory.sideEnd = rows.sideEnd;
    for (let index = 0; index < rows.deferredCount; index++) {
      this.#convert(rows.deferredRow(index), rows.deferredColumn(index));
    }
    if (rows.row > range.row) {
      this.#lastStart = rows.rowStart(rows.row - 1);
      this.#lastEnd = rows.position - 1;
    }
    cells.row = rows.row;
    this.#at = rows.position;
  }

  /** A cell whose text the kernel has left. */
  #convert(row: number, column: number): void {
    const cells = this.#cells;
    const words = cells.arrays(column).cells;
    const word = words[row * 2 + 1] as number; // the kernel names rows of the batch, as below
    if ((word & CELL_NULL) !== 0) return;
    const text = this.#text;
    text.bytes = this.#memory.bytes;
    text.start = words[row * 2] as number;
    text.end = text.start + (word & CELL_LENGTH_MASK);
    text.flags = word & CELL_PLAIN;
    cells.row = row;
    (this.#readers[column] as CellReader)(text, cells, column);
  }

  #row(): void {
    const { bytes } = this.#memory;
    const cells = this.#cells;
    const readers = this.#readers;
    const text = this.#text;
    const last = readers.length - 1;
    let at = this.#at;
    const rowStart = at;
    for (let column = 0; column <= last; column++) {
      const start = at;
      let seen = 0;
      // The window ends with a newline, so that this ends within it.
      for (;;) {
        const kind = classes[bytes[at] as number] as number;
        if (kind === END) break;
        seen |= kind;
        at += 1;
      }
      if ((bytes[at] === NEWLINE) !== (column === last)) throw this.#broken();
      at += 1;
      text.bytes = this.#memory.bytes;
      text.start = start;
      text.end = at - 1;
      text.flags = seen === 0 ? CELL_PLAIN : 0;
      if ((seen & ESCAPE) !== 0) {
        if (at - 1 - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === 0x4e) {
          cells.setNull(column);
          continue;
        }
        this.#unescape();
      }
      if (text.end - text.start > CELL_BYTES_MAX) {
        throw new RangeError(`A cell of ${text.end - text.start} bytes does not fit into a batch`);
      }
      (readers[column] as CellReader)(text, cells, column); // bounded by the loop
    }
    this.#lastStart = rowStart;
    this.#lastEnd = at - 1;
    this.#at = at;
    cells.row += 1;
  }

  /** Replaces the text under way by what it means, behind the rows. */
  #unescape(): void {
    const text = this.#text;
    const memory = this.#memory;
    const start = memory.sideEnd;
    memory.copyToSide(text.start, text.end);
    const { bytes } = memory;
    let to = start;
    for (let at = start; at < memory.sideEnd; at++) {
      let byte = bytes[at] as number; // bounded by the loop, as below: the server ends no cell with a backslash
      if (byte === BACKSLASH) byte = escapes[bytes[++at] as number] as number;
      bytes[to++] = byte;
    }
    memory.sideEnd = to;
    text.bytes = bytes;
    text.start = start;
    text.end = to;
  }

  #broken(): Error {
    return postgresErrors.error('PG_COPY_TEXT', { columns: this.#readers.length });
  }
}

function unescapeText(cell: string): string {
  return cell.replace(/\\([^])/g, (_, letter: string) => String.fromCharCode(escapes[letter.charCodeAt(0)] ?? 0x3f));
}
