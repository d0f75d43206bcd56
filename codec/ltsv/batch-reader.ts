/** Reads labelled values (`label:value`, tab between them, one record a line) into batches. */
import type { Batch } from '#spi/batch.ts';
import { withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { TextColumns } from '#codec/cells/text-columns.ts';
import type { TextColumn } from '#codec/cells/text-columns.ts';
import { equalsAt } from '#codec/json/navigate.ts';
import { behindMark, TextLines } from '#codec/text/text-lines.ts';
import { ltsvErrors } from './errors.ts';

export interface LtsvReaderOptions {
  readonly columns: readonly TextColumn[];
  /** Between fields, and between label and value; not empty. */
  readonly delimiter: string;
  readonly labelDelimiter: string;
  /** Values in which it is found are null. */
  readonly nullPattern: RegExp | undefined;
  readonly nullEmptyString: boolean;
  /** Called for every record that is left out, with its line (from 1) and the text of the line. */
  readonly reject: (reason: RopewayError, line: number, text: string) => void;
}

/** Bytes of a rejected line, or of a field, that are shown. */
const SHOWN_LINE_MAX = 1000;
const SHOWN_FIELD_MAX = 100;

export class LtsvBatchReader {
  readonly #options: LtsvReaderOptions;
  readonly #columns: TextColumns;
  readonly #lines = new TextLines();
  readonly #labels: readonly Uint8Array[];
  readonly #delimiter: Buffer;
  readonly #labelDelimiter: Buffer;
  /** Which column the next field is probably for: records mostly have their labels in one order. */
  #expected = 0;

  constructor(options: LtsvReaderOptions) {
    this.#options = options;
    this.#columns = new TextColumns(options.columns);
    this.#labels = options.columns.map(({ name }) => Buffer.from(name));
    this.#delimiter = Buffer.from(options.delimiter);
    this.#labelDelimiter = Buffer.from(options.labelDelimiter);
  }

  /** Reads the next piece of the text (well-formed UTF-8). Batches are valid until the next one is asked for. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<Batch> {
    const lines = this.#lines;
    lines.append(chunk, isLast);
    while (lines.next()) {
      const start = lines.line === 1 ? behindMark(lines.bytes, lines.start, lines.end) : lines.start;
      if (start < lines.end) this.#add(lines.bytes, start, lines.end);
      if (!this.#columns.isFull) continue;
      const batch = this.#columns.take();
      if (batch !== undefined) yield batch;
    }
    const batch = this.#columns.take();
    if (batch !== undefined) yield batch;
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    this.#columns.beginRow();
    const error = this.#fields(bytes, start, end);
    if (error === undefined) {
      this.#columns.endRow();
      return;
    }
    this.#columns.dropRow();
    this.#options.reject(error, this.#lines.line, textOf(bytes, start, Math.min(end, start + SHOWN_LINE_MAX)));
  }

  /** Of several fields of one label the last counts, as in the original. */
  #fields(bytes: Uint8Array, start: number, end: number): RopewayError | undefined {
    this.#expected = 0;
    for (let from = start; from < end;) {
      const to = find(bytes, this.#delimiter, from, end);
      if (to > from) {
        const labelEnd = find(bytes, this.#labelDelimiter, from, to);
        if (labelEnd === to) return this.#noLabel(bytes, { start, from, to });
        const error = this.#value(bytes, from, labelEnd, to);
        if (error !== undefined) return placed(error, bytes, start, from);
      }
      from = to + this.#delimiter.length;
    }
    return undefined;
  }

  #value(bytes: Uint8Array, from: number, labelEnd: number, to: number): RopewayError | undefined {
    const { nullEmptyString, nullPattern } = this.#options;
    const start = labelEnd + this.#labelDelimiter.length;
    const isNull = (nullEmptyString && start === to) || nullPattern?.test(textOf(bytes, start, to)) === true;
    const count = this.#labels.length;
    const first = this.#expected;
    for (let tried = 0; tried < count; tried++) {
      const column = first + tried < count ? first + tried : first + tried - count;
      const label = this.#labels[column] as Uint8Array; // bounded by the count
      if (label.length !== labelEnd - from || !equalsAt(bytes, from, label)) continue;
      this.#expected = column + 1 < count ? column + 1 : 0;
      if (isNull) this.#columns.setNull(column);
      else return this.#columns.set(column, bytes, start, to);
      return undefined;
    }
    return undefined;
  }

  #noLabel(bytes: Uint8Array, { start, from, to }: { start: number; from: number; to: number }): RopewayError {
    const text = textOf(bytes, from, Math.min(to, from + SHOWN_FIELD_MAX));
    const where = { column: columnOf(bytes, start, from) };
    return ltsvErrors.error('LTSV_NO_LABEL', { text, delimiter: this.#options.labelDelimiter }, { where });
  }
}

/** The position of the text at or behind `start`, or `end`. */
function find(bytes: Uint8Array, text: Buffer, start: number, end: number): number {
  const first = text[0];
  const last = end - text.length;
  for (let at = start; at <= last; at++) {
    if (bytes[at] === first && (text.length === 1 || equalsAt(bytes, at, text))) return at;
  }
  return end;
}

/** Characters before the position, and one. */
function columnOf(bytes: Uint8Array, start: number, at: number): number {
  return textOf(bytes, start, at).length + 1;
}

function placed(error: RopewayError, bytes: Uint8Array, start: number, at: number): RopewayError {
  return withPlace(error, { column: columnOf(bytes, start, at) });
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
