/**
 * Reads records whose columns have fixed places into batches. Places count characters of UTF-8, or bytes of the file's
 * own charset: such columns are cut out of the bytes first, and decoded then.
 */
import type { Batch } from '#spi/batch.ts';
import { withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { TextColumns } from '#codec/cells/text-columns.ts';
import type { TextColumn } from '#codec/cells/text-columns.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { equalsAt } from '#codec/json/navigate.ts';
import { behindMark } from '#codec/text/text-lines.ts';
import { decodedField } from './decoded-field.ts';
import type { DecodeField } from './decoded-field.ts';
import { fixedWidthErrors } from './errors.ts';
import { FixedRecords } from './fixed-records.ts';
import { LineRecords } from './line-records.ts';
import { trimmedEnd, trimmedStart } from './trim.ts';

/** A column and its place: units before it, and units of it. */
export interface FixedColumn extends TextColumn {
  readonly from: number;
  readonly to: number;
  readonly trimsStart: boolean;
  readonly trimsEnd: boolean;
}

export type FixedUnit = 'characters' | 'bytes';

export interface FixedWidthOptions {
  readonly columns: readonly FixedColumn[];
  readonly unit: FixedUnit;
  /** Of the text that the reader is given: for `characters` it is UTF-8, whatever the file's is. */
  readonly charset: string;
  /** Units of a record when there are no line breaks. */
  readonly recordLength: number | undefined;
  readonly skipHeaderLines: number;
  readonly commentMarker: string | null;
  readonly nullString: string | null;
  readonly allowOptionalColumns: boolean;
  readonly allowExtraColumns: boolean;
  /** Called for every record that is left out. */
  readonly reject: (reason: RopewayError, place: RecordPlace, text: string) => void;
}

/** Where a record stands, both from 1. */
export interface RecordPlace {
  readonly line?: number;
  readonly record?: number;
}

/** Records as ranges of bytes, out of text that arrives in pieces. */
export interface RecordSource {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly place: RecordPlace;
  append(chunk: Uint8Array, isLast: boolean): void;
  next(): boolean;
}

/** Bytes of a rejected record that are shown. */
const SHOWN_RECORD_MAX = 1000;

export class FixedWidthReader {
  readonly #options: FixedWidthOptions;
  readonly #columns: TextColumns;
  readonly #source: RecordSource;
  readonly #decode: DecodeField;
  readonly #comment: Uint8Array | undefined;
  readonly #null: Uint8Array | undefined;
  /** Columns in the order of their places, so that one walk over the record finds them all. */
  readonly #order: readonly number[];
  readonly #lastEnd: number;
  #headerLines: number;
  #isFirst = true;

  constructor(options: FixedWidthOptions) {
    const { columns, unit, recordLength, commentMarker, nullString } = options;
    this.#options = options;
    this.#columns = new TextColumns(columns);
    this.#source = recordLength === undefined ? new LineRecords() : new FixedRecords(recordLength, unit);
    this.#decode = decodedField(unit === 'characters' ? 'UTF-8' : options.charset);
    this.#comment = commentMarker === null ? undefined : Buffer.from(commentMarker);
    this.#null = nullString === null ? undefined : Buffer.from(nullString);
    this.#order = columns.map((_, index) => index).sort((a, b) => placeOf(columns, a) - placeOf(columns, b));
    this.#lastEnd = Math.max(...columns.map(({ to }) => to));
    this.#headerLines = options.skipHeaderLines;
  }

  /** Reads the next piece of the text. Batches are valid until the next one is asked for. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<Batch> {
    const source = this.#source;
    source.append(chunk, isLast);
    while (source.next()) {
      this.#record();
      if (!this.#columns.isFull) continue;
      const batch = this.#columns.take();
      if (batch !== undefined) yield batch;
    }
    const batch = this.#columns.take();
    if (batch !== undefined) yield batch;
  }

  #record(): void {
    const { bytes, start, end } = this.#source;
    const from = this.#isFirst ? behindMark(bytes, start, end) : start;
    this.#isFirst = false;
    if (this.#headerLines > 0) {
      this.#headerLines -= 1;
      return;
    }
    if (this.#options.recordLength === undefined && (from === end || this.#isComment(bytes, from, end))) return;
    this.#columns.beginRow();
    const error =
      this.#options.unit === 'bytes' ? this.#byBytes(bytes, from, end) : this.#byCharacters(bytes, from, end);
    if (error === undefined) this.#columns.endRow();
    else this.#reject(error, bytes, from, end);
  }

  #isComment(bytes: Uint8Array, start: number, end: number): boolean {
    const marker = this.#comment;
    return marker !== undefined && end - start >= marker.length && equalsAt(bytes, start, marker);
  }

  #reject(error: RopewayError, bytes: Uint8Array, start: number, end: number): void {
    this.#columns.dropRow();
    const shown = bytes.subarray(start, Math.min(end, start + SHOWN_RECORD_MAX));
    const { unit, charset } = this.#options;
    const text = charsetDecoder(unit === 'bytes' ? charset : 'UTF-8').decode(shown, true);
    this.#options.reject(error, this.#source.place, Buffer.from(text).toString('utf8'));
  }

  #byBytes(bytes: Uint8Array, start: number, end: number): RopewayError | undefined {
    for (const column of this.#order) {
      const { from, to, name } = this.#options.columns[column] as FixedColumn; // of the same list
      const short = start + to > end ? this.#short(column, end - start) : undefined;
      if (short !== undefined) return short;
      const cut = this.#decode(bytes, Math.min(end, start + from), Math.min(end, start + to));
      if (cut === undefined) return fixedWidthErrors.error('FIXED_WIDTH_SPLIT', { column: name }, whereOf(name, from));
      const error = this.#set(column, cut.bytes, cut.start, cut.end);
      if (error !== undefined) return error;
    }
    return this.#surplus(bytes, start + this.#lastEnd, end, end - start);
  }

  /** The same by characters: the walk goes on where the column before ended, and back when columns overlap. */
  #byCharacters(bytes: Uint8Array, start: number, end: number): RopewayError | undefined {
    let at = start;
    let count = 0;
    for (const column of this.#order) {
      const { from, to } = this.#options.columns[column] as FixedColumn; // of the same list
      if (from < count) {
        at = start;
        count = 0;
      }
      for (; count < from && at < end; count++) at = nextCharacter(bytes, at);
      const fieldStart = at;
      for (; count < to && at < end; count++) at = nextCharacter(bytes, at);
      const error = (count < to ? this.#short(column, count) : undefined) ?? this.#set(column, bytes, fieldStart, at);
      if (error !== undefined) return error;
    }
    // The column that begins last need not end last.
    for (; count < this.#lastEnd && at < end; count++) at = nextCharacter(bytes, at);
    const surplusStart = at;
    for (; at < end; count++) at = nextCharacter(bytes, at);
    return this.#surplus(bytes, surplusStart, end, count);
  }

  #short(column: number, length: number): RopewayError | undefined {
    const { columns, unit, allowOptionalColumns } = this.#options;
    if (allowOptionalColumns) return undefined;
    const { name, to } = columns[column] as FixedColumn; // callers stay within the list
    return fixedWidthErrors.error(
      'FIXED_WIDTH_SHORT',
      { length, unit, column: name, end: to },
      { where: { field: name } },
    );
  }

  /** Blanks behind the last column are no surplus. */
  #surplus(bytes: Uint8Array, start: number, end: number, length: number): RopewayError | undefined {
    const { unit, allowExtraColumns } = this.#options;
    if (allowExtraColumns || start >= end || trimmedStart(bytes, start, end) === end) return undefined;
    return fixedWidthErrors.error('FIXED_WIDTH_LONG', { length, unit, end: this.#lastEnd });
  }

  #set(column: number, bytes: Uint8Array, start: number, end: number): RopewayError | undefined {
    const { from: place, type, trimsStart, trimsEnd } = this.#options.columns[column] as FixedColumn; // as above
    // A field of nothing but blanks holds nothing, however its texts are trimmed.
    const isBlank = trimmedStart(bytes, start, end) === end;
    if (isBlank && (type !== 'string' || this.#null === undefined)) {
      this.#columns.setNull(column);
      return undefined;
    }
    const isTyped = type !== 'string';
    const from = trimsStart || isTyped ? trimmedStart(bytes, start, end) : start;
    const to = trimsEnd || isTyped ? trimmedEnd(bytes, from, end) : end;
    if (this.#null?.length === to - from && equalsAt(bytes, from, this.#null)) {
      this.#columns.setNull(column);
      return undefined;
    }
    const error = this.#columns.set(column, bytes, from, to);
    return error && withPlace(error, { column: place + 1 });
  }
}

function placeOf(columns: readonly FixedColumn[], index: number): number {
  return columns[index]?.from ?? 0;
}

function whereOf(field: string, from: number): { where: { field: string; column: number } } {
  return { where: { field, column: from + 1 } };
}

/** The position behind the character at `at`, in well-formed UTF-8. */
function nextCharacter(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number; // callers stay within the bytes
  return byte < 0x80 ? at + 1 : byte < 0xe0 ? at + 2 : byte < 0xf0 ? at + 3 : at + 4;
}
