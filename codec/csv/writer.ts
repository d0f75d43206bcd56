/** Writes batches as CSV text (UTF-8): cells are copied as bytes; only text that needs it is quoted or escaped. */
import { CELL_CANONICAL, CELL_LENGTH_MASK, CELL_NULL, timestampAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { formatDouble } from '#codec/number/double.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';

export interface CsvWriterOptions {
  /** One ASCII or other character each. */
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly policy: 'MINIMAL' | 'ALL' | 'NONE';
  readonly nullText: string;
  readonly newlineInField: string;
  readonly newline: string;
  /** By column, for timestamps. */
  readonly formatters: readonly (TimestampFormatter | undefined)[];
}

const CR = 0x0d;
const LF = 0x0a;

/** Classes of bytes in a text. */
const SPECIAL = 1;

export class CsvWriter {
  readonly #options: CsvWriterOptions;
  readonly #sink = new ByteSink();
  readonly #text = new ByteSink();
  readonly #delimiter: Uint8Array;
  readonly #quote: Uint8Array;
  readonly #escape: Uint8Array;
  readonly #newline: Uint8Array;
  readonly #newlineInField: Uint8Array;
  readonly #nullText: Uint8Array;
  /** First bytes of what makes a text special: the delimiter, the quote, line breaks. */
  readonly #classes = new Uint8Array(256);

  constructor(options: CsvWriterOptions) {
    this.#options = options;
    this.#delimiter = Buffer.from(options.delimiter);
    this.#quote = Buffer.from(options.quote);
    this.#escape = Buffer.from(options.escape);
    this.#newline = Buffer.from(options.newline);
    this.#newlineInField = Buffer.from(options.newlineInField);
    this.#nullText = Buffer.from(options.nullText);
    for (const byte of [CR, LF, this.#delimiter[0], this.#quote[0]])
      if (byte !== undefined) this.#classes[byte] = SPECIAL;
  }

  /** One line of texts, such as the header. Borrowed like all results. */
  writeLine(texts: readonly string[]): Uint8Array {
    this.#sink.clear();
    for (const [index, text] of texts.entries()) {
      if (index > 0) this.#sink.writeBytes(this.#delimiter);
      const bytes = Buffer.from(text);
      this.#writeText(this.#sink, bytes, 0, bytes.length);
    }
    this.#sink.writeBytes(this.#newline);
    return this.#sink.view();
  }

  write(batch: Batch): Uint8Array {
    const sink = this.#sink;
    sink.clear();
    const { vectors, rowCount } = batch;
    for (let row = 0; row < rowCount; row++) {
      for (let column = 0; column < vectors.length; column++) {
        if (column > 0) sink.writeBytes(this.#delimiter);
        this.#writeCell(sink, vectors[column] as Vector, column, row); // bounded by the loop
      }
      sink.writeBytes(this.#newline);
    }
    return sink.view();
  }

  /** Appends one cell with the delimiter that precedes it, for a writer that does all others itself. */
  writeCell(sink: ByteSink, vector: Vector, column: number, row: number): void {
    if (column > 0) sink.writeBytes(this.#delimiter);
    this.#writeCell(sink, vector, column, row);
  }

  #writeCell(sink: ByteSink, vector: Vector, column: number, row: number): void {
    const word = vector.cells[row * 2 + 1] as number; // bounded by the caller, as all indexes here
    if (word & CELL_NULL) {
      sink.writeBytes(this.#nullText);
      return;
    }
    const start = vector.cells[row * 2] as number;
    const end = start + (word & CELL_LENGTH_MASK);
    switch (vector.type) {
      case 'string':
      case 'json':
        this.#writeText(sink, vector.arena, start, end);
        return;
      case 'long':
        if (word & CELL_CANONICAL) this.#writeText(sink, vector.arena, start, end);
        else this.#writeAscii(sink, String(vector.values[row]));
        return;
      case 'double':
        if (word & CELL_CANONICAL) this.#writeText(sink, vector.arena, start, end);
        else this.#writeAscii(sink, formatDouble(vector.values[row] as number));
        return;
      case 'boolean':
        this.#writeAscii(sink, vector.values[row] === 1 ? 'true' : 'false');
        return;
      case 'timestamp': {
        const { seconds, nanos } = timestampAt(vector, row);
        this.#text.clear();
        this.#options.formatters[column]?.write(this.#text, seconds, nanos);
        this.#writeText(sink, this.#text.bytes, 0, this.#text.length);
      }
    }
  }

  #writeAscii(sink: ByteSink, text: string): void {
    this.#text.clear();
    this.#text.writeAscii(text);
    this.#writeText(sink, this.#text.bytes, 0, this.#text.length);
  }

  #writeText(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
    const { policy } = this.#options;
    const special = this.#firstSpecial(bytes, start, end);
    if (policy === 'NONE') {
      if (special === end) sink.writeBytes(bytes, start, end);
      else this.#writeEscaped(sink, bytes, start, end);
    } else if (special < end || policy === 'ALL' || this.#isNullText(bytes, start, end)) {
      this.#writeQuoted(sink, bytes, start, end);
    } else {
      sink.writeBytes(bytes, start, end);
    }
  }

  #firstSpecial(bytes: Uint8Array, start: number, end: number): number {
    const classes = this.#classes;
    for (let at = start; at < end; at++) {
      if (classes[bytes[at] as number] === 0) continue;
      if (this.#isSpecialAt(bytes, at, end)) return at;
    }
    return end;
  }

  #isSpecialAt(bytes: Uint8Array, at: number, end: number): boolean {
    const byte = bytes[at];
    if (byte === CR || byte === LF) return true;
    return startsWith(bytes, at, end, this.#delimiter) || startsWith(bytes, at, end, this.#quote);
  }

  #isNullText(bytes: Uint8Array, start: number, end: number): boolean {
    return end - start === this.#nullText.length && startsWith(bytes, start, end, this.#nullText);
  }

  /** Quotes and line breaks inside are escaped and replaced; the escape character itself is not escaped. */
  #writeQuoted(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
    sink.writeBytes(this.#quote);
    let from = start;
    for (let at = start; at < end; at++) {
      if (this.#classes[bytes[at] as number] === 0) continue;
      const isBreak = bytes[at] === CR || bytes[at] === LF;
      if (!isBreak && !startsWith(bytes, at, end, this.#quote)) continue;
      sink.writeBytes(bytes, from, at);
      if (isBreak) {
        sink.writeBytes(this.#newlineInField);
        if (bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF) at += 1;
        from = at + 1;
      } else {
        sink.writeBytes(this.#escape);
        from = at;
      }
    }
    sink.writeBytes(bytes, from, end);
    sink.writeBytes(this.#quote);
  }

  /** Without quotes: the escape character stands before delimiters and every character of a line break. */
  #writeEscaped(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    for (let at = start; at < end; at++) {
      const isBreak = bytes[at] === CR || bytes[at] === LF;
      if (!isBreak && !startsWith(bytes, at, end, this.#delimiter)) continue;
      sink.writeBytes(bytes, from, at);
      if (isBreak) {
        for (const byte of this.#newlineInField) {
          sink.writeBytes(this.#escape);
          sink.writeByte(byte);
        }
        if (bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF) at += 1;
        from = at + 1;
      } else {
        sink.writeBytes(this.#escape);
        from = at;
      }
    }
    sink.writeBytes(bytes, from, end);
  }
}

function startsWith(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  if (at + text.length > end) return false;
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}
