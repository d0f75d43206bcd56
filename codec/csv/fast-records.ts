/**
 * The fast machine: records of the common dialect, on bytes. What it decides must be what the exact machine would
 * (`line-tokenizer.ts`); when in doubt it answers UNKNOWN.
 */
import { CELL_PLAIN } from '#spi/batch.ts';
import type { CellColumns } from './cell-columns.ts';
import { TEXT_IS_NULL } from './cell-columns.ts';
import { byteClasses, STOPS } from './common-dialect.ts';
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
  readonly #newline: Uint8Array;
  readonly #emptyIsNull: boolean;
  #isLast = false;

  constructor(options: FastRecordsOptions, cells: CellColumns, memory: TextMemory, state: RecordState) {
    const { dialect } = options;
    this.#memory = memory;
    this.#cells = cells;
    this.#state = state;
    this.#columnCount = options.columnCount;
    this.#allowOptionalColumns = options.allowOptionalColumns;
    this.#quotedMax = dialect.maxQuotedSizeLimit;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote?.charCodeAt(0) ?? -1;
    this.#escape = dialect.escape?.charCodeAt(0) ?? -1;
    this.#trims = dialect.trimIfNotQuoted;
    this.#classes = byteClasses(this.#delimiter);
    this.#newline = Buffer.from(dialect.newline);
    this.#emptyIsNull = options.nullString === null;
  }

  /** The record at `start` on bytes. Returns the position behind it, UNKNOWN, MORE, REFUSED or SURPLUS. */
  read(start: number, isLast: boolean): number {
    this.#isLast = isLast;
    const count = this.#columnCount;
    const state = this.#state;
    let at = start;
    for (let column = 0; ; column++) {
      const { bytes, end } = this.#memory;
      const isQuoted = at < end && bytes[at] === this.#quote;
      state.columnStart = at;
      state.columnBreaks = state.breaks;
      const stop = isQuoted ? this.#quotedCell(at, column) : this.#plainCell(at, column);
      if (stop < 0) return stop;
      // `stop` is the delimiter, the line break, or the end of the text.
      if (stop < end && this.#memory.bytes[stop] === this.#delimiter) {
        if (column + 1 >= count) return SURPLUS;
        at = stop + 1;
        continue;
      }
      if (stop >= end && !isLast) return MORE;
      if (column + 1 < count && !this.#missingColumns(column + 1)) {
        state.error = csvErrors.error('CSV_TOO_FEW_COLUMNS');
        return REFUSED;
      }
      return this.#afterLine(stop);
    }
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
    return this.#cells.setText(column, from, to, from === to && this.#emptyIsNull ? TEXT_IS_NULL : flags)
      ? at
      : REFUSED;
  }

  /** A quoted cell, from its opening quote to the delimiter, line break or end behind the closing one. */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  #quotedCell(start: number, column: number): number {
    const quote = this.#quote;
    const escape = this.#escape;
    const memory = this.#memory;
    const { end } = memory;
    const limit = this.#quotedMax;
    let { bytes } = memory;
    let from = start + 1;
    let at = from;
    let side = -1;
    let isPlain = true;
    // Copies what stands before `at` behind the text, where the cell goes on.
    const copy = (until: number): void => {
      if (side < 0) side = memory.sideEnd;
      memory.copyToSide(from, until);
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
        memory.appendToSide(this.#newline);
        ({ bytes } = memory);
        this.#state.breaks += 1;
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
    if (side < 0) return this.#cells.setText(column, from, at, flags) ? stop : REFUSED;
    copy(at);
    if (memory.sideEnd - side > limit) return UNKNOWN;
    return this.#cells.setText(column, side, memory.sideEnd, flags) ? stop : REFUSED;
  }
}
