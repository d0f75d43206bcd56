/**
 * Reads CSV text into batches. Three machines read records, each handing on what it does not know: the kernel
 * (`codec/wasm`), the fast machine on bytes (`fast-records.ts`), and the exact one (`line-tokenizer.ts`). The last one
 * decides what is right; the tests generate soups of special characters and compare.
 *
 * Text comes in pieces: `read` for a stream, or `room`, `append` and `batches` for one who reads where the records
 * shall lie. Reading can begin at any place where a record begins (`begin`), and can try whether one does (`probe`).
 */
import { BATCH_BYTES_TARGET } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import type { RopewayError } from '#spi/errors.ts';
import { CsvKernel } from '#codec/wasm/csv-kernel.ts';
import type { Kernel } from '#codec/wasm/kernel.ts';
import { CellColumns, TEXT_IS_NULL } from './cell-columns.ts';
import type { CsvColumn } from './cell-columns.ts';
import { isCommonDialect } from './common-dialect.ts';
import type { CsvDialect } from './dialect.ts';
import { csvErrors } from './errors.ts';
import { FastRecords } from './fast-records.ts';
import { findLineEnd, lineBreakLength } from '#codec/text/physical-lines.ts';
import { KernelRows } from './kernel-rows.ts';
import type { RowsLimit } from './kernel-rows.ts';
import { MORE, REFUSED, SURPLUS, UNKNOWN } from './record-state.ts';
import type { RecordState } from './record-state.ts';
import { INCOMPLETE, SlowRecords } from './slow-records.ts';
import { TextMemory } from './text-memory.ts';

/** Bytes of one line, and of one record, at most: what has no end by then is not CSV. */
export const CSV_RECORD_BYTES_MAX = 32 * 1024 * 1024;

export interface CsvReaderOptions {
  readonly columns: readonly CsvColumn[];
  readonly dialect: CsvDialect;
  readonly nullString: string | null;
  readonly allowOptionalColumns: boolean;
  readonly allowExtraColumns: boolean;
  /** Physical lines at the start that are no records. */
  readonly skipHeaderLines: number;
  /** Called for every record that is left out, with its physical line (from 1) and that line's text. */
  readonly reject: (reason: RopewayError, line: number, text: string) => void;
  /** Off: everything goes through the exact machine (for tests and comparisons). */
  readonly isFast?: boolean;
  /** Where the records shall lie; without it, or when it has no room, they lie in JavaScript's memory. */
  readonly kernel?: Kernel | undefined;
}

/** A place between two records. */
export interface CsvPlace {
  /** Bytes of the text before it. */
  readonly position: number;
  /** Physical lines before it. */
  readonly lines: number;
  /** Header lines that are still to come. */
  readonly headerLines: number;
}

/** Thrown to end a probe: no record of the schema. */
const REFUSED_PROBE = Symbol('refused');

const CR = 0x0d;
const LF = 0x0a;

export class CsvBatchReader {
  readonly #options: CsvReaderOptions;
  readonly #memory: TextMemory;
  readonly #cells: CellColumns;
  readonly #state: RecordState = { breaks: 0, columnStart: 0, columnBreaks: 0, columnLineEnd: -1, error: undefined };
  readonly #slow: SlowRecords;
  readonly #fast: FastRecords | undefined;
  readonly #kernelRows: KernelRows | undefined;
  readonly #comment: Uint8Array | null;
  /** Of the text at the start of the memory. */
  #origin = 0;
  /** In the memory. */
  #position: number;
  /** Physical lines before `#position`. */
  #lines = 0;
  #headerLines: number;
  #isLast = false;
  #isProbing = false;

  constructor(options: CsvReaderOptions) {
    const { dialect, kernel, columns } = options;
    const isFast = (options.isFast ?? true) && isCommonDialect(dialect);
    const csvKernel = isFast && kernel !== undefined ? CsvKernel.open(options, kernel) : undefined;
    this.#options = options;
    this.#memory = new TextMemory(64 * 1024, dialect.quote?.charCodeAt(0), csvKernel && kernel);
    this.#cells = new CellColumns(options, this.#memory, this.#state, csvKernel?.vectors);
    this.#slow = new SlowRecords(dialect, this.#memory);
    if (isFast) {
      const fastOptions = { ...options, columnCount: columns.length };
      this.#fast = new FastRecords(fastOptions, this.#cells, this.#memory, this.#state);
    }
    // A kernel without room for the text has nothing to read.
    if (csvKernel !== undefined && this.#memory.limit !== Infinity) {
      this.#kernelRows = new KernelRows(csvKernel, this.#cells, this.#memory);
    }
    this.#position = this.#memory.start;
    this.#headerLines = options.skipHeaderLines;
    this.#comment = dialect.commentLineMarker ? Buffer.from(dialect.commentLineMarker) : null;
  }

  /** Where reading stands. */
  get place(): CsvPlace {
    return {
      position: this.#origin + this.#position - this.#memory.start,
      lines: this.#lines,
      headerLines: this.#headerLines,
    };
  }

  /** Goes to another place; all text is forgotten, and the room that is asked for next begins there. */
  begin({ position, lines, headerLines }: CsvPlace): void {
    this.#origin = position;
    this.#position = this.#memory.start;
    this.#memory.end = this.#memory.start;
    this.#lines = lines;
    this.#headerLines = headerLines;
    this.#isLast = false;
    this.#cells.row = 0;
  }

  /** Goes to a place within the text at hand. Rows of a batch that was never taken are forgotten. */
  moveTo({ position, lines, headerLines }: CsvPlace): void {
    this.#cells.row = 0;
    this.#position = this.#memory.start + position - this.#origin;
    this.#lines = lines;
    this.#headerLines = headerLines;
  }

  /** Room for the next `count` bytes of the text: fill it (as well-formed UTF-8), then call `append`. */
  room(count: number): Uint8Array<ArrayBuffer> {
    const { start, end } = this.#memory;
    if (end - this.#position > CSV_RECORD_BYTES_MAX) {
      const where = { line: this.#lines + 1 };
      throw csvErrors.error('CSV_RECORD_TOO_LONG', { limit: CSV_RECORD_BYTES_MAX }, { where });
    }
    this.#origin += this.#position - start;
    const room = this.#memory.room(this.#position, count);
    this.#position = start;
    return room;
  }

  append(count: number, isLast: boolean): void {
    this.#memory.append(count);
    this.#isLast = isLast;
  }

  /** The text at hand from the place on. */
  get text(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes.subarray(this.#position, this.#memory.end);
  }

  /** Where the text at hand begins and ends, in the text. */
  get textRange(): { readonly from: number; readonly to: number } {
    return { from: this.#origin, to: this.#origin + this.#memory.end - this.#memory.start };
  }

  /** No text follows what is at hand. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** Reads the next piece of the text (well-formed UTF-8). Batches are valid until the next one is asked for. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<Batch> {
    this.room(chunk.length).set(chunk);
    this.append(chunk.length, isLast);
    yield* this.batches();
  }

  /**
   * Batches of the records at hand that begin before `limit`, a position in the text. Afterwards the place is that of
   * the first record that does not, or goes on behind the text at hand.
   */
  *batches(limit = Infinity): Generator<Batch> {
    const end = Math.min(this.#memory.end, this.#memory.start + limit - this.#origin);
    for (let isMore = true; isMore;) {
      isMore = this.#fillBatch(end);
      const batch = this.#cells.take();
      if (batch !== undefined) yield batch;
    }
  }

  /** Whether so many records without a fault, or as many as there are, begin here. Nothing is moved or told. */
  probe(recordCount: number): boolean {
    const before = this.place;
    this.#isProbing = true;
    try {
      const rowsMax = Math.min(recordCount, this.#cells.rowsMax);
      this.#readRows({ end: this.#memory.end, rowsMax });
      return true;
    } catch (error) {
      if (error === REFUSED_PROBE) return false;
      throw error;
    } finally {
      this.#isProbing = false;
      this.moveTo(before);
    }
  }

  /** Fills the rows of a batch with records that begin before `end`; false when there is nothing more to read now. */
  #fillBatch(end: number): boolean {
    const { rowsMax } = this.#cells;
    const bytesEnd = Math.min(end, this.#position + BATCH_BYTES_TARGET);
    return this.#readRows({ end: bytesEnd, rowsMax }) && this.#position < end;
  }

  /** Reads records that begin before `end`, up to the row; false when more text is needed. */
  #readRows(limit: RowsLimit): boolean {
    const { end, rowsMax } = limit;
    while (this.#cells.row < rowsMax && this.#position < end) {
      if (this.#kernelRows !== undefined && this.#headerLines === 0) this.#readByKernel(this.#kernelRows, limit);
      if (this.#cells.row >= rowsMax || this.#position >= end) break;
      if (!this.#nextRecord()) return false;
    }
    return true;
  }

  /** Reads as many records as the kernel knows. */
  #readByKernel(kernelRows: KernelRows, limit: RowsLimit): void {
    this.#position = kernelRows.read(this.#position, limit, this.#isLast);
    this.#lines += kernelRows.lines;
  }

  /** Reads or skips one line or record; false when more text is needed. */
  #nextRecord(): boolean {
    const skipped = this.#skipLine();
    if (skipped !== 0) return skipped > 0;
    const state = this.#state;
    state.breaks = 0;
    state.error = undefined;
    state.columnLineEnd = -1;
    let after = this.#fast?.read(this.#position, this.#isLast) ?? UNKNOWN;
    if (after === UNKNOWN) after = this.#slowRecord();
    if (after === SURPLUS) after = this.#surplusColumns();
    if (after === MORE) return false;
    if (after === REFUSED) return this.#rejectRecord();
    this.#cells.endRow();
    this.#lines += 1 + state.breaks;
    this.#position = after;
    return true;
  }

  /** Skips a header line, an empty line, or a comment. Returns 1 when it did, 0 when a record begins, -1 for more. */
  #skipLine(): number {
    const { bytes } = this.#memory;
    const start = this.#position;
    const first = bytes[start] as number; // there is text
    const mayBeComment = this.#comment !== null && first === this.#comment[0];
    const isBreak = first === CR || first === LF;
    if (this.#headerLines === 0 && !isBreak && !mayBeComment) return 0;
    const recognized = this.#options.dialect.lineDelimiterRecognized;
    const end = findLineEnd(bytes, start, this.#memory.end, { recognized, isLast: this.#isLast });
    if (end < 0) return -1;
    if (this.#headerLines > 0) this.#headerLines -= 1;
    else if (end > start && !(mayBeComment && startsWith(bytes, start, end, this.#comment))) return 0;
    this.#position = end + lineBreakLength(bytes, end, this.#memory.end, recognized);
    this.#lines += 1;
    return 1;
  }

  /**
   * Gives up the record as far as the physical line on which its last column began; lines behind it, taken in by that
   * column's quotes, are read as records of their own.
   */
  #rejectRecord(): boolean {
    const after = this.#afterColumnLine();
    if (after === MORE) return false;
    if (this.#isProbing) throw REFUSED_PROBE;
    const { bytes, end: textEnd } = this.#memory;
    const shown = Math.min(textEnd, this.#position + SHOWN_BYTES_MAX);
    const lineEnd = findLineEnd(bytes, this.#position, shown, { recognized: null, isLast: true });
    const text = Buffer.from(bytes.buffer, this.#position, lineEnd - this.#position).toString();
    this.#options.reject(this.#state.error as RopewayError, this.#lines + 1, text); // set by whoever refuses
    this.#lines += 1 + this.#state.breaks;
    this.#position = after;
    return true;
  }

  /** The position behind the line on which the last column began; the record's line breaks end there, too. */
  #afterColumnLine(): number {
    const { bytes, end } = this.#memory;
    const state = this.#state;
    const recognized = this.#options.dialect.lineDelimiterRecognized;
    if (state.columnLineEnd < 0) {
      const lineEnd = findLineEnd(bytes, state.columnStart, end, { recognized, isLast: this.#isLast });
      if (lineEnd < 0) return MORE;
      state.columnLineEnd = lineEnd + lineBreakLength(bytes, lineEnd, end, recognized);
    }
    state.breaks = state.columnBreaks;
    return state.columnLineEnd;
  }

  #refuse(error: RopewayError): number {
    this.#state.error = error;
    return REFUSED;
  }

  /** Surplus columns are dropped with the rest of their line; for the lines behind it see `#rejectRecord`. */
  #surplusColumns(): number {
    if (!this.#options.allowExtraColumns) return this.#refuse(csvErrors.error('CSV_TOO_MANY_COLUMNS'));
    return this.#afterColumnLine();
  }

  /** The record at hand through the exact machine. */
  #slowRecord(): number {
    const slow = this.#slow;
    const state = this.#state;
    try {
      slow.begin(this.#position, this.#isLast);
      const refused = this.#slowColumns();
      state.columnLineEnd = slow.columnLineEnd;
      state.columnBreaks = slow.columnLineCount - 1;
      if (refused !== undefined) return refused;
      if (slow.hasNextColumn()) return SURPLUS;
    } catch (error) {
      if (error === INCOMPLETE) return MORE;
      state.columnLineEnd = slow.columnLineEnd;
      state.columnBreaks = slow.columnLineCount - 1;
      return this.#refuse(error as RopewayError); // the machine throws nothing else
    }
    state.breaks = slow.recordLineCount - 1;
    return slow.position;
  }

  #slowColumns(): number | undefined {
    const { columns, allowOptionalColumns, nullString } = this.#options;
    const slow = this.#slow;
    for (let column = 0; column < columns.length; column++) {
      if (allowOptionalColumns && !slow.hasNextColumn()) {
        this.#cells.setNull(column);
        continue;
      }
      const text = slow.nextColumn();
      const isNull = text === '' && !slow.wasQuoted() && nullString === null;
      const start = this.#memory.sideEnd;
      this.#memory.appendToSide(Buffer.from(text));
      if (!this.#cells.setText(column, start, this.#memory.sideEnd, isNull ? TEXT_IS_NULL : 0)) return REFUSED;
    }
    return undefined;
  }
}

function startsWith(bytes: Uint8Array, start: number, end: number, text: Uint8Array | null): boolean {
  if (text === null || end - start < text.length) return false;
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text[index]) return false;
  return true;
}

/** Bytes of a rejected line that are shown. */
const SHOWN_BYTES_MAX = 2000;
