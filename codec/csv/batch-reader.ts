/**
 * Reads CSV text into batches. The fast machine works on bytes and knows the common dialect; a record that it does
 * not know goes to the exact one (`line-tokenizer.ts`), alone, and reading goes on behind it.
 *
 * BE ADVISED: what the fast machine decides must be what the exact one would; the tests generate soups of special
 * characters and compare the two. When in doubt, return UNKNOWN.
 */
import { BATCH_BYTES_TARGET, CELL_PLAIN } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import type { RopewayError } from '#spi/errors.ts';
import { CellColumns } from './cell-columns.ts';
import type { CsvColumn } from './cell-columns.ts';
import { byteClasses, isCommonDialect, STOPS } from './common-dialect.ts';
import type { CsvDialect } from './dialect.ts';
import { csvErrors } from './errors.ts';
import { findLineEnd, lineBreakLength } from './physical-lines.ts';
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
}

/** Answers of the fast machine that are no position. */
const UNKNOWN = -1;
const MORE = -2;
const REFUSED = -3;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class CsvBatchReader {
  readonly #options: CsvReaderOptions;
  readonly #memory = new TextMemory(64 * 1024);
  readonly #cells: CellColumns;
  readonly #slow: SlowRecords;
  readonly #isFast: boolean;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #trims: boolean;
  readonly #classes: Uint8Array;
  readonly #newline: Uint8Array;
  readonly #nullText: Uint8Array | null;
  readonly #comment: Uint8Array | null;
  #position = 0;
  /** Physical lines before `#position`. */
  #lines = 0;
  #headerLines: number;
  #isLast = false;
  /** Line breaks inside the quotes of the record at hand. */
  #recordBreaks = 0;
  /** Where the record's last column began, and the line breaks until there. */
  #columnStart = 0;
  #columnBreaks = 0;
  /** The end of that line when the exact machine has read it, else -1. */
  #columnLineEnd = -1;
  #error: RopewayError | undefined;

  constructor(options: CsvReaderOptions) {
    const { dialect, columns, nullString } = options;
    this.#options = options;
    this.#cells = new CellColumns(columns, this.#memory);
    this.#slow = new SlowRecords(dialect, this.#memory);
    this.#headerLines = options.skipHeaderLines;
    this.#isFast = (options.isFast ?? true) && isCommonDialect(dialect);
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote?.charCodeAt(0) ?? -1;
    this.#escape = dialect.escape?.charCodeAt(0) ?? -1;
    this.#trims = dialect.trimIfNotQuoted;
    this.#classes = byteClasses(this.#delimiter);
    this.#newline = Buffer.from(dialect.newline);
    this.#nullText = nullString === null ? null : Buffer.from(nullString);
    this.#comment = dialect.commentLineMarker ? Buffer.from(dialect.commentLineMarker) : null;
  }

  /** Reads the next piece of the text (well-formed UTF-8). Batches are valid until the next one is asked for. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<Batch> {
    const held = this.#memory.end - this.#position;
    if (held > CSV_RECORD_BYTES_MAX) {
      throw csvErrors.error(
        'CSV_RECORD_TOO_LONG',
        { limit: CSV_RECORD_BYTES_MAX },
        { where: { line: this.#lines + 1 } },
      );
    }
    this.#memory.load(this.#position, chunk);
    this.#position = 0;
    this.#isLast = isLast;
    let batchStart = 0;
    while (this.#position < this.#memory.end && this.#nextRecord()) {
      const isFull = this.#cells.row >= this.#cells.rowsMax || this.#position - batchStart >= BATCH_BYTES_TARGET;
      if (!isFull) continue;
      const batch = this.#cells.take();
      batchStart = this.#position;
      if (batch !== undefined) yield batch;
    }
    const rest = this.#cells.take();
    if (rest !== undefined) yield rest;
  }

  /** Reads or skips one line or record; false when more text is needed. */
  #nextRecord(): boolean {
    const skipped = this.#skipLine();
    if (skipped !== 0) return skipped > 0;
    this.#recordBreaks = 0;
    this.#error = undefined;
    this.#columnLineEnd = -1;
    let after = this.#isFast ? this.#fastRecord(this.#position) : UNKNOWN;
    if (after === UNKNOWN) after = this.#slowRecord();
    if (after === MORE) return false;
    if (after === REFUSED) return this.#rejectRecord();
    this.#cells.endRow();
    this.#lines += 1 + this.#recordBreaks;
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
    else if (end > start && !(mayBeComment && this.#startsWith(start, end, this.#comment))) return 0;
    this.#position = end + lineBreakLength(bytes, end, this.#memory.end, recognized);
    this.#lines += 1;
    return 1;
  }

  #startsWith(start: number, end: number, text: Uint8Array | null): boolean {
    if (text === null || end - start < text.length) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.#memory.bytes[start + index] !== text[index]) return false;
    }
    return true;
  }

  /**
   * Gives up the record as far as the physical line on which its last column began; lines behind it, taken in by that
   * column's quotes, are read as records of their own.
   */
  #rejectRecord(): boolean {
    const after = this.#afterColumnLine();
    if (after === MORE) return false;
    const { bytes, end: textEnd } = this.#memory;
    const shown = Math.min(textEnd, this.#position + SHOWN_BYTES_MAX);
    const lineEnd = findLineEnd(bytes, this.#position, shown, { recognized: null, isLast: true });
    const text = Buffer.from(bytes.buffer, this.#position, lineEnd - this.#position).toString();
    this.#options.reject(this.#error as RopewayError, this.#lines + 1, text); // set by whoever refuses
    this.#lines += 1 + this.#recordBreaks;
    this.#position = after;
    return true;
  }

  /** The position behind the line on which the last column began; the record's line breaks end there, too. */
  #afterColumnLine(): number {
    const { bytes, end } = this.#memory;
    const recognized = this.#options.dialect.lineDelimiterRecognized;
    if (this.#columnLineEnd < 0) {
      const lineEnd = findLineEnd(bytes, this.#columnStart, end, { recognized, isLast: this.#isLast });
      if (lineEnd < 0) return MORE;
      this.#columnLineEnd = lineEnd + lineBreakLength(bytes, lineEnd, end, recognized);
    }
    this.#recordBreaks = this.#columnBreaks;
    return this.#columnLineEnd;
  }

  #refuse(error: RopewayError): number {
    this.#error = error;
    return REFUSED;
  }

  /** The record at `start` on bytes. Returns the position behind it, UNKNOWN, MORE, or REFUSED. */
  #fastRecord(start: number): number {
    const { columns } = this.#options;
    const count = columns.length;
    let at = start;
    for (let column = 0; ; column++) {
      const { bytes, end } = this.#memory;
      const isQuoted = at < end && bytes[at] === this.#quote;
      this.#columnStart = at;
      this.#columnBreaks = this.#recordBreaks;
      const stop = isQuoted ? this.#quotedCell(at, column) : this.#plainCell(at, column);
      if (stop < 0) return stop;
      // `stop` is the delimiter, the line break, or the end of the text.
      if (stop < end && this.#memory.bytes[stop] === this.#delimiter) {
        if (column + 1 >= count) return this.#surplusColumns();
        at = stop + 1;
        continue;
      }
      if (stop >= end && !this.#isLast) return MORE;
      if (column + 1 < count && !this.#missingColumns(column + 1)) {
        return this.#refuse(csvErrors.error('CSV_TOO_FEW_COLUMNS'));
      }
      return this.#afterLine(stop);
    }
  }

  /** Surplus columns are dropped with the rest of their line; for the lines behind it see `#rejectRecord`. */
  #surplusColumns(): number {
    if (!this.#options.allowExtraColumns) return this.#refuse(csvErrors.error('CSV_TOO_MANY_COLUMNS'));
    return this.#afterColumnLine();
  }

  /** The position behind the line break (or end of the text) at `stop`. */
  #afterLine(stop: number): number {
    const { bytes, end } = this.#memory;
    if (stop >= end) return end;
    if (bytes[stop] !== CR) return stop + 1;
    if (stop + 1 >= end && !this.#isLast) return MORE;
    return bytes[stop + 1] === LF && stop + 1 < end ? stop + 2 : stop + 1;
  }

  #missingColumns(from: number): boolean {
    if (!this.#options.allowOptionalColumns) return false;
    for (let column = from; column < this.#options.columns.length; column++) this.#cells.setNull(column);
    return true;
  }

  /** A cell outside quotes, from `start` to the delimiter, line break or end, whose position is returned. */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  #plainCell(start: number, column: number): number {
    const { bytes, end } = this.#memory;
    const classes = this.#classes;
    let from = start;
    if (this.#trims) {
      while (from < end && bytes[from] === SPACE) from += 1;
      // A quote behind blanks opens quotes: rare enough for the exact machine.
      if (from > start && from < end && bytes[from] === this.#quote) return UNKNOWN;
    }
    let at = from;
    let flags = CELL_PLAIN;
    for (; at < end; at++) {
      const kind = classes[bytes[at] as number] as number; // bounded by the loop
      if (kind === 0) continue;
      if (kind === STOPS) break;
      flags = 0;
    }
    if (at >= end) {
      if (!this.#isLast) return MORE;
    } else if (bytes[at] === 0) {
      return UNKNOWN;
    }
    let to = at;
    if (this.#trims) while (to > from && bytes[to - 1] === SPACE) to -= 1;
    return this.#setCell(column, from, to, from === to && this.#nullText === null ? -1 : flags) ? at : REFUSED;
  }

  /** A quoted cell, from its opening quote to the delimiter, line break or end behind the closing one. */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  #quotedCell(start: number, column: number): number {
    const quote = this.#quote;
    const escape = this.#escape;
    const memory = this.#memory;
    const { end } = memory;
    const limit = this.#options.dialect.maxQuotedSizeLimit;
    let { bytes } = memory;
    let from = start + 1;
    let at = from;
    let side = -1;
    let isPlain = true;
    // Copies what stands before `at` behind the text, where the cell goes on.
    const copy = (until: number): void => {
      if (side < 0) side = memory.sideEnd;
      memory.appendRange(from, until);
      ({ bytes } = memory);
    };
    for (;;) {
      if (at >= end) return this.#isLast ? UNKNOWN : MORE;
      const byte = bytes[at] as number; // within the text
      if (byte === quote) {
        if (at + 1 >= end && !this.#isLast) return MORE;
        if (at + 1 >= end || bytes[at + 1] !== quote) break;
        copy(at + 1);
        isPlain = isPlain && quote !== QUOTE && quote !== BACKSLASH;
        at += 2;
        from = at;
      } else if (byte === escape) {
        if (at + 1 >= end && !this.#isLast) return MORE;
        const next = bytes[at + 1];
        isPlain = false;
        if (at + 1 < end && (next === quote || next === escape)) {
          copy(at);
          from = at + 1;
          at += 2;
        } else {
          at += 1;
        }
      } else if (byte < SPACE) {
        if (byte === 0) return UNKNOWN;
        isPlain = false;
        if (byte !== CR && byte !== LF) {
          at += 1;
          continue;
        }
        if (byte === CR && at + 1 >= end && !this.#isLast) return MORE;
        copy(at);
        memory.append(this.#newline);
        ({ bytes } = memory);
        this.#recordBreaks += 1;
        at += byte === CR && bytes[at + 1] === LF && at + 1 < end ? 2 : 1;
        // The text ends with this line: the exact machine tells the unclosed quote.
        if (at >= end && this.#isLast) return UNKNOWN;
        from = at;
      } else {
        if (byte === QUOTE || byte === BACKSLASH) isPlain = false;
        at += 1;
      }
      // A cell has at most as many UTF-16 units as bytes; whether it is too long is for the exact machine to say.
      if (at - start > limit) return UNKNOWN;
    }
    const stop = at + 1;
    const after = stop < end ? (bytes[stop] as number) : LF;
    if (stop < end && after !== this.#delimiter && after !== CR && after !== LF) return UNKNOWN;
    const flags = isPlain ? CELL_PLAIN : 0;
    if (side < 0) return this.#setCell(column, from, at, flags) ? stop : REFUSED;
    copy(at);
    if (memory.sideEnd - side > limit) return UNKNOWN;
    return this.#setCell(column, side, memory.sideEnd, flags) ? stop : REFUSED;
  }

  /** Stores the cell; flags -1 stand for null. */
  #setCell(column: number, from: number, to: number, flags: number): boolean {
    const isNull = flags === -1 || (this.#nullText !== null && this.#isNullText(from, to));
    if (isNull) this.#cells.setNull(column);
    else if (!this.#cells.set(column, from, to, flags)) {
      this.#error = this.#cells.conversionError(column, from, to);
      return false;
    }
    return true;
  }

  #isNullText(from: number, to: number): boolean {
    return to - from === this.#nullText?.length && this.#startsWith(from, to, this.#nullText);
  }

  /** The record at hand through the exact machine. */
  #slowRecord(): number {
    const slow = this.#slow;
    try {
      slow.begin(this.#position, this.#isLast);
      const refused = this.#slowColumns();
      this.#columnLineEnd = slow.columnLineEnd;
      this.#columnBreaks = slow.columnLineCount - 1;
      if (refused !== undefined) return refused;
      if (slow.hasNextColumn()) return this.#surplusColumns();
    } catch (error) {
      if (error === INCOMPLETE) return MORE;
      this.#columnLineEnd = slow.columnLineEnd;
      this.#columnBreaks = slow.columnLineCount - 1;
      return this.#refuse(error as RopewayError); // the machine throws nothing else
    }
    this.#recordBreaks = slow.recordLineCount - 1;
    return slow.position;
  }

  #slowColumns(): number | undefined {
    const { columns, allowOptionalColumns } = this.#options;
    const slow = this.#slow;
    for (let column = 0; column < columns.length; column++) {
      if (allowOptionalColumns && !slow.hasNextColumn()) {
        this.#cells.setNull(column);
        continue;
      }
      const text = slow.nextColumn();
      const isNull = text === '' && !slow.wasQuoted() && this.#nullText === null;
      const start = this.#memory.sideEnd;
      this.#memory.append(Buffer.from(text));
      if (!this.#setCell(column, start, this.#memory.sideEnd, isNull ? -1 : 0)) return REFUSED;
    }
    return undefined;
  }
}

/** Bytes of a rejected line that are shown. */
const SHOWN_BYTES_MAX = 2000;
