/**
 * The fast machine: records of the common dialect, on bytes. What it decides must be what the exact machine would
 * (`line-tokenizer.ts`); when in doubt it answers UNKNOWN.
 *
 * Scans do not ask for the end of the text at every byte: the pad behind it (`text-memory.ts`) stops them.
 */
import { CELL_PLAIN } from '#spi/batch.ts';
import { viewOf } from '#spi/byte-copy.ts';
import { findSpecial, fourTimes } from '#codec/bytes/special-bytes.ts';
import { scanDouble } from '#codec/number/double.ts';
import { scanLong } from '#codec/number/long.ts';
import type { ColumnArrays } from '#codec/cells/column-arrays.ts';
import type { CellColumns } from './cell-columns.ts';
import { TEXT_IS_NULL } from './cell-columns.ts';
import { BREAKS, byteClasses, CLOSES, ESCAPES, NOT_PLAIN, NUL, quotedByteClasses, STOPS } from './common-dialect.ts';
import type { CsvDialect } from './dialect.ts';
import { csvErrors } from './errors.ts';
import { MORE, REFUSED, SURPLUS, UNKNOWN } from './record-state.ts';
import type { RecordState } from './record-state.ts';
import type { TextMemory } from './text-memory.ts';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const QUOTES = fourTimes(QUOTE);
const BACKSLASHES = fourTimes(BACKSLASH);

// How the cells of a column are read outside quotes.
/** As text, then converted. */
const BY_TEXT = 0;
/** As text, which is the value. */
const IS_TEXT = 1;
/** As a number; what is none goes by text. */
const BY_LONG = 2;
const BY_DOUBLE = 3;

export interface FastRecordsOptions {
  readonly columnCount: number;
  readonly dialect: CsvDialect;
  readonly nullString: string | null;
  readonly allowOptionalColumns: boolean;
}

export class FastRecords {
  readonly #memory: TextMemory;
  readonly #cells: CellColumns;
  readonly #state: RecordState;
  readonly #columnCount: number;
  readonly #allowOptionalColumns: boolean;
  readonly #quotedMax: number;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #trims: boolean;
  readonly #classes: Uint8Array;
  readonly #quotedClasses: Uint8Array;
  readonly #newline: Uint8Array;
  readonly #emptyIsNull: boolean;
  readonly #ways: Uint8Array;
  #isLast = false;
  #bytes = new Uint8Array(0);
  #data = viewOf(this.#bytes);
  readonly #delimiters: number;
  readonly #quotedA: number;
  readonly #quotedB: number;
  readonly #quotedC: number;
  /** Of cells without special bytes inside quotes. */
  readonly #quotedFlags: number;

  constructor(options: FastRecordsOptions, cells: CellColumns, memory: TextMemory, state: RecordState) {
    const { dialect } = options;
    this.#memory = memory;
    this.#cells = cells;
    this.#state = state;
    this.#columnCount = options.columnCount;
    this.#allowOptionalColumns = options.allowOptionalColumns;
    this.#quotedMax = dialect.maxQuotedSizeLimit;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#delimiters = fourTimes(this.#delimiter);
    this.#quote = dialect.quote?.charCodeAt(0) ?? -1;
    this.#escape = dialect.escape?.charCodeAt(0) ?? -1;
    this.#trims = dialect.trimIfNotQuoted;
    this.#classes = byteClasses(this.#delimiter);
    this.#quotedClasses = quotedByteClasses(this.#quote, this.#escape);
    const wanted = [...new Set([this.#quote, this.#escape, QUOTE, BACKSLASH])].filter((byte) => byte >= 0);
    const [a = 0, b = 0, c = b] = wanted.map(fourTimes);
    this.#quotedA = a;
    this.#quotedB = b;
    this.#quotedC = c;
    this.#quotedFlags = wanted.length > 3 ? 0 : CELL_PLAIN;
    this.#newline = Buffer.from(dialect.newline);
    this.#emptyIsNull = options.nullString === null;
    this.#ways = Uint8Array.from(cells.arrays, ({ type }) => wayOf(type, options));
  }

  /** The record at `start` on bytes. Returns the position behind it, UNKNOWN, MORE, REFUSED or SURPLUS. */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  read(start: number, isLast: boolean): number {
    this.#isLast = isLast;
    const { end } = this.#memory;
    const { row, arrays } = this.#cells;
    const count = this.#columnCount;
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    const ways = this.#ways;
    const classes = this.#classes;
    const state = this.#state;
    let { bytes } = this.#memory;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#data = viewOf(bytes);
    }
    let at = start;
    for (let column = 0; ; column++) {
      const { breaks } = state;
      const way = ways[column] as number; // the loop ends with the last column
      let stop = -1;
      if (way >= BY_LONG) {
        const out = arrays[column] as ColumnArrays; // as above
        stop = way === BY_LONG ? scanLong(bytes, at, end, out, row) : scanDouble(bytes, at, end, out, row);
        // What goes on behind the number, or might with more text, is none. (The pad lies behind the text.)
        if (stop >= end || (stop >= 0 && classes[bytes[stop] as number] !== STOPS)) stop = -1;
      }
      if (stop < 0) {
        if (at < end && bytes[at] === quote) {
          stop = this.#quotedCell(at, column);
          ({ bytes } = this.#memory);
        } else {
          stop = this.#plainCell(at, column);
        }
        if (stop < 0) return this.#failedAt(stop, at, breaks);
      }
      // `stop` is the delimiter, the line break, or the end of the last text.
      const byte = bytes[stop];
      if (byte === delimiter && stop < end) {
        if (column + 1 >= count) return this.#failedAt(SURPLUS, at, breaks);
        at = stop + 1;
        continue;
      }
      if (column + 1 < count && !this.#missingColumns(column + 1)) {
        state.error = csvErrors.error('CSV_TOO_FEW_COLUMNS');
        return this.#failedAt(REFUSED, at, breaks);
      }
      return byte === LF && stop < end ? stop + 1 : this.#afterLine(stop);
    }
  }

  /** The answer for a record that is given up in the column at the place. */
  #failedAt(answer: number, columnStart: number, columnBreaks: number): number {
    this.#state.columnStart = columnStart;
    this.#state.columnBreaks = columnBreaks;
    return answer;
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
    if (!this.#allowOptionalColumns) return false;
    for (let column = from; column < this.#columnCount; column++) this.#cells.setNull(column);
    return true;
  }

  /** A cell outside quotes, from `start` to the delimiter, line break or end, whose position is returned. */
  #plainCell(start: number, column: number): number {
    if (this.#trims) return this.#trimmedCell(start, column);
    const { bytes, end } = this.#memory;
    const data = this.#data;
    const classes = this.#classes;
    const delimiters = this.#delimiters;
    let at = start;
    let flags = CELL_PLAIN;
    let kind = 0;
    for (; ; at++) {
      at = findSpecial(data, at, delimiters, QUOTES, BACKSLASHES);
      kind = classes[bytes[at] as number] as number; // the pad stops the loop
      if (kind !== NOT_PLAIN) break;
      flags = 0;
    }
    if (kind === NUL) return UNKNOWN;
    if (at >= end && !this.#isLast) return MORE;
    if (at === start && this.#emptyIsNull) this.#cells.setNull(column);
    else if (this.#ways[column] === IS_TEXT) {
      const { cells } = this.#cells.arrays[column] as ColumnArrays; // the caller stays within the schema
      const { row } = this.#cells;
      cells[row * 2] = start;
      cells[row * 2 + 1] = (at - start) | flags;
    } else if (!this.#cells.setText(column, start, at, flags)) return REFUSED;
    return at;
  }

  /** The same without the blanks around the text. */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  #trimmedCell(start: number, column: number): number {
    const { bytes, end } = this.#memory;
    const classes = this.#classes;
    let from = start;
    while (from < end && bytes[from] === SPACE) from += 1;
    // A quote behind blanks opens quotes: rare enough for the exact machine.
    if (from > start && from < end && bytes[from] === this.#quote) return UNKNOWN;
    let at = from;
    let flags = CELL_PLAIN;
    let kind = 0;
    for (; ; at++) {
      kind = classes[bytes[at] as number] as number; // the pad stops the loop
      if (kind === 0) continue;
      if (kind !== NOT_PLAIN) break;
      flags = 0;
    }
    if (kind === NUL) return UNKNOWN;
    if (at >= end && !this.#isLast) return MORE;
    let to = at;
    while (to > from && bytes[to - 1] === SPACE) to -= 1;
    if (from === to && this.#emptyIsNull) flags = TEXT_IS_NULL;
    return this.#cells.setText(column, from, to, flags) ? at : REFUSED;
  }

  /** A quoted cell, from its opening quote to the delimiter, line break or end behind the closing one. */
  #quotedCell(start: number, column: number): number {
    const { bytes, end } = this.#memory;
    const classes = this.#quotedClasses;
    let at = start + 1;
    let flags = this.#quotedFlags;
    let kind = 0;
    for (; ; at++) {
      at = this.#nextSpecial(at);
      kind = classes[bytes[at] as number] as number; // within the text or the pad
      if (kind !== NOT_PLAIN) break;
      flags = 0;
    }
    const stop = at + 1;
    if (kind !== CLOSES || bytes[stop] === this.#quote || stop >= end || at - start > this.#quotedMax) {
      return this.#unfoldedCell(start, at, column);
    }
    if (!this.#closesAt(stop)) return UNKNOWN;
    return this.#setQuoted(column, start + 1, at, flags) ? stop : REFUSED;
  }

  /** The next byte from `from` on that may not be itself inside quotes; the pad has one. */
  #nextSpecial(from: number): number {
    return findSpecial(this.#data, from, this.#quotedA, this.#quotedB, this.#quotedC);
  }

  /**
   * The same for a cell that holds escapes or line breaks, or ends with the text at hand. All before `firstAt` is
   * ordinary, or at least itself.
   */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  #unfoldedCell(start: number, firstAt: number, column: number): number {
    const quote = this.#quote;
    const escape = this.#escape;
    const memory = this.#memory;
    const classes = this.#quotedClasses;
    const isLast = this.#isLast;
    const { bytes, end } = memory;
    // Pieces of the text, each from `from` on, are copied behind it.
    const side = memory.sideEnd;
    let from = start + 1;
    for (let at = this.#nextSpecial(firstAt); ; at = this.#nextSpecial(at)) {
      // A cell has at most as many UTF-16 units as bytes; whether it is too long is for the exact machine to say.
      if (at - start > this.#quotedMax) return UNKNOWN;
      if (at >= end) return isLast ? UNKNOWN : MORE;
      const kind = classes[bytes[at] as number] as number; // within the text
      const next = at + 1 < end ? (bytes[at + 1] as number) : -1;
      if (kind === NUL) return UNKNOWN;
      if (next < 0 && kind !== NOT_PLAIN && !(isLast && kind === CLOSES)) return isLast ? UNKNOWN : MORE;
      if (kind === CLOSES) {
        if (next !== quote) return this.#closeUnfolded(column, from, at, start, side);
        memory.copyToSide(from, at + 1);
        at += 2;
        from = at;
      } else if (kind === BREAKS) {
        memory.copyToSide(from, at);
        memory.appendToSide(this.#newline);
        this.#state.breaks += 1;
        at += bytes[at] === CR && next === LF ? 2 : 1;
        from = at;
      } else if (kind === ESCAPES && (next === quote || next === escape)) {
        memory.copyToSide(from, at);
        from = at + 1;
        at += 2;
      } else {
        at += 1;
      }
    }
  }
  /** The unfolded cell ends with the piece from `from` to its closing quote at `at`. */
  #closeUnfolded(column: number, from: number, at: number, start: number, side: number): number {
    const memory = this.#memory;
    if (!this.#closesAt(at + 1)) return UNKNOWN;
    if (from === start + 1) return this.#setQuoted(column, from, at, 0) ? at + 1 : REFUSED;
    memory.copyToSide(from, at);
    if (memory.sideEnd - side > this.#quotedMax) return UNKNOWN;
    return this.#setQuoted(column, side, memory.sideEnd, 0) ? at + 1 : REFUSED;
  }

  /** Whether a cell may end behind its closing quote at `stop`. */
  #closesAt(stop: number): boolean {
    const { bytes, end } = this.#memory;
    const byte = bytes[stop];
    return stop >= end || byte === this.#delimiter || byte === LF || byte === CR;
  }

  #setQuoted(column: number, from: number, to: number, flags: number): boolean {
    if (this.#ways[column] !== IS_TEXT) return this.#cells.setText(column, from, to, flags);
    const { cells } = this.#cells.arrays[column] as ColumnArrays; // the caller stays within the schema
    const { row } = this.#cells;
    cells[row * 2] = from;
    cells[row * 2 + 1] = (to - from) | flags;
    return true;
  }
}

/** Numbers are read where they stand only when nothing of the dialect looks like a part of one. */
function wayOf(type: ColumnArrays['type'], { dialect, nullString }: FastRecordsOptions): number {
  if (type === 'string') return nullString === null ? IS_TEXT : BY_TEXT;
  if (/[-.0-9]/.test(`${dialect.delimiter}${dialect.quote ?? ''}`)) return BY_TEXT;
  if (nullString !== null && /^[-.0-9]+$/.test(nullString)) return BY_TEXT;
  if (type === 'long') return BY_LONG;
  return type === 'double' ? BY_DOUBLE : BY_TEXT;
}
