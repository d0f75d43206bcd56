/** Writes batches as JSON lines: keys encoded once, cells copied as bytes wherever their text is JSON already. */
import { CELL_CANONICAL, CELL_LENGTH_MASK, CELL_NULL, CELL_PLAIN, CELL_SURROGATE, timestampAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Schema } from '#spi/schema.ts';
import { formatDouble } from '#codec/number/double.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { writeJsonString } from './string.ts';

export interface JsonLinesOptions {
  readonly schema: Schema;
  readonly newline: string;
  /** By column, for timestamps. */
  readonly formatters: readonly (TimestampFormatter | undefined)[];
}

const nullText = Buffer.from('null');
const CLOSE = 0x7d;
const QUOTE = 0x22;

export class JsonLinesWriter {
  readonly #options: JsonLinesOptions;
  readonly #sink = new ByteSink(256 * 1024);
  readonly #scratch = new ByteSink();
  /** `{"a":` for the first column, `,"b":` for the others. */
  readonly keys: readonly Uint8Array[];
  readonly #lineEnd: Uint8Array;

  constructor(options: JsonLinesOptions) {
    this.#options = options;
    this.keys = options.schema.columns.map(({ name }, index) =>
      Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name.toWellFormed())}:`),
    );
    this.#lineEnd = Buffer.from(options.newline);
  }

  /** The lines; borrowed until the next call. */
  write(batch: Batch): Uint8Array {
    const sink = this.#sink;
    sink.clear();
    const { vectors, rowCount } = batch;
    for (let row = 0; row < rowCount; row++) {
      if (vectors.length === 0) sink.writeByte(0x7b);
      for (let column = 0; column < vectors.length; column++) {
        sink.writeBytes(this.keys[column] as Uint8Array); // bounded by the loop, as the vector is
        this.#writeCell(vectors[column] as Vector, column, row);
      }
      sink.writeByte(CLOSE);
      sink.writeBytes(this.#lineEnd);
    }
    return sink.view();
  }

  /** One cell with the key that precedes it, for a writer that does all others itself. Borrowed like the lines. */
  cell(vector: Vector, column: number, row: number): Uint8Array {
    this.#sink.clear();
    this.#sink.writeBytes(this.keys[column] as Uint8Array); // a column of the schema
    this.#writeCell(vector, column, row);
    return this.#sink.view();
  }

  #writeCell(vector: Vector, column: number, row: number): void {
    const sink = this.#sink;
    const word = vector.cells[row * 2 + 1] as number; // bounded by the caller, as all indexes here
    if (word & CELL_NULL) {
      sink.writeBytes(nullText);
      return;
    }
    const start = vector.cells[row * 2] as number;
    const end = start + (word & CELL_LENGTH_MASK);
    switch (vector.type) {
      case 'string':
        if (word & CELL_SURROGATE) this.#writeRepaired(vector.arena, start, end, writeJsonString);
        else if (word & CELL_PLAIN) {
          sink.writeByte(QUOTE);
          sink.writeBytes(vector.arena, start, end);
          sink.writeByte(QUOTE);
        } else writeJsonString(sink, vector.arena, start, end);
        return;
      case 'json':
        if (word & CELL_SURROGATE) this.#writeRepaired(vector.arena, start, end, copyBytes);
        else sink.writeBytes(vector.arena, start, end);
        return;
      case 'long':
        if (word & CELL_CANONICAL) sink.writeBytes(vector.arena, start, end);
        else sink.writeAscii(String(vector.values[row]));
        return;
      case 'double':
        if (word & CELL_CANONICAL) sink.writeBytes(vector.arena, start, end);
        else this.#writeDouble(vector.values[row] as number);
        return;
      case 'boolean':
        sink.writeAscii(vector.values[row] === 1 ? 'true' : 'false');
        return;
      case 'timestamp': {
        const { seconds, nanos } = timestampAt(vector, row);
        this.#scratch.clear();
        this.#options.formatters[column]?.write(this.#scratch, seconds, nanos);
        writeJsonString(sink, this.#scratch.bytes, 0, this.#scratch.length);
      }
    }
  }

  /** JSON has no word for what is no number, and for the infinite: null, as JSON.stringify has it. */
  #writeDouble(value: number): void {
    if (!Number.isFinite(value)) this.#sink.writeBytes(nullText);
    // As Java prints it: with a fraction or an exponent, so that no reader takes it for a whole number of 64 bits.
    else this.#sink.writeAscii(formatDouble(value));
  }

  /** Lone surrogates cannot be UTF-8: each becomes U+FFFD. */
  #writeRepaired(bytes: Uint8Array, start: number, end: number, write: typeof writeJsonString): void {
    const scratch = this.#scratch;
    scratch.clear();
    for (let at = start; at < end; at++) {
      const isSurrogate = bytes[at] === 0xed && (bytes[at + 1] ?? 0) >= 0xa0;
      scratch.writeByte(isSurrogate ? 0xef : (bytes[at] as number));
      if (!isSurrogate) continue;
      scratch.writeByte(0xbf);
      scratch.writeByte(0xbd);
      at += 2;
    }
    write(this.#sink, scratch.bytes, 0, scratch.length);
  }
}

function copyBytes(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  sink.writeBytes(bytes, start, end);
}
