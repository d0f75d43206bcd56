/**
 * Writes batches as JSON lines: keys encoded once, cells copied as bytes wherever their text is JSON already. This is
 * the writer of hosts without a kernel, and what the kernel's lines are compared with.
 */
import { CELL_CANONICAL, CELL_LENGTH_MASK, CELL_NULL, CELL_PLAIN, CELL_SURROGATE, timestampAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { copyPiece, viewOf } from '#spi/byte-copy.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Schema } from '#spi/schema.ts';
import { formatDouble } from '#codec/number/double.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { writeJsonText } from './string.ts';

/** What stands around a record and its members, where it is not a plain line. */
export interface RecordLayout {
  /** Before the opening brace. */
  readonly before: string;
  /** Before a key. */
  readonly indent: string;
  /** Behind the colon. */
  readonly space: string;
  /** Before the closing brace. */
  readonly closing: string;
}

const plainLines: RecordLayout = { before: '', indent: '', space: '', closing: '' };

export interface JsonLinesOptions {
  readonly schema: Schema;
  /** Behind a record. */
  readonly newline: string;
  readonly layout?: RecordLayout;
  /** By column, for timestamps. */
  readonly formatters: readonly (TimestampFormatter | undefined)[];
}

const QUOTE = 0x22;

/** What is copied of a cell's text without a look at its value: a piece between quotes, or the piece alone. */
const BETWEEN_QUOTES = 1;
const ALONE = 2;

/** A column of the batch at hand, in one shape for all types. */
interface Source {
  readonly vector: Vector;
  readonly cells: Uint32Array;
  readonly arena: DataView;
  /** The flags, and how they must be, for the text to be copied. */
  readonly flags: number;
  readonly flagsWanted: number;
  /** How it is copied then. */
  readonly way: number;
}

export class JsonLinesWriter {
  readonly #options: JsonLinesOptions;
  readonly #sink = new ByteSink(256 * 1024);
  readonly #scratch = new ByteSink();
  /** `{"a":` for the first column, `,"b":` for the others; with the layout, if there is one. */
  readonly keys: readonly Uint8Array[];
  /** The same, one behind the other; and where each ends. */
  readonly #keys: DataView;
  readonly #keyEnds: Uint32Array;
  /** What stands behind the last cell. */
  readonly rowEnd: Uint8Array;
  readonly #rowEnd: DataView;

  constructor(options: JsonLinesOptions) {
    this.#options = options;
    const { before, indent, space, closing } = options.layout ?? plainLines;
    this.keys = options.schema.columns.map(({ name }, index) =>
      Buffer.from(`${index === 0 ? `${before}{` : ','}${indent}${JSON.stringify(name.toWellFormed())}:${space}`),
    );
    this.rowEnd = Buffer.from(`${this.keys.length === 0 ? `${before}{` : closing}}${options.newline}`);
    let end = 0;
    this.#keyEnds = Uint32Array.from(this.keys, (key) => (end += key.length));
    this.#keys = viewOf(Buffer.concat(this.keys));
    this.#rowEnd = viewOf(this.rowEnd);
  }

  /** The lines; borrowed until the next call. */
  write(batch: Batch): Uint8Array {
    const sink = this.#sink;
    sink.clear();
    const sources = sourcesOf(batch.vectors);
    const keys = this.#keys;
    const keyEnds = this.#keyEnds;
    const rowEnd = this.#rowEnd;
    let { data } = sink;
    let at = 0;
    for (let row = 0; row < batch.rowCount; row++) {
      let keyStart = 0;
      for (let column = 0; column < sources.length; column++) {
        const source = sources[column] as Source; // bounded by the loop, as the other indexes here
        const keyEnd = keyEnds[column] as number;
        const word = source.cells[row * 2 + 1] as number;
        const isCopied = (word & source.flags) === source.flagsWanted;
        // The text of other cells may be anything, undefined too.
        const length = isCopied ? word & CELL_LENGTH_MASK : 0;
        if (at + keyEnd - keyStart + length + 2 > data.byteLength) {
          data = this.#moreRoom(at, keyEnd - keyStart + length + 2);
        }
        at = copyPiece(data, at, keys, keyStart, keyEnd);
        keyStart = keyEnd;
        if (!isCopied) {
          sink.length = at;
          this.#writeCell(source, column, row);
          at = sink.length;
          ({ data } = sink);
          continue;
        }
        const start = source.cells[row * 2] as number;
        if (source.way === BETWEEN_QUOTES) {
          data.setUint8(at, QUOTE);
          at = copyPiece(data, at + 1, source.arena, start, start + length);
          data.setUint8(at++, QUOTE);
        } else {
          at = copyPiece(data, at, source.arena, start, start + length);
        }
      }
      if (at + rowEnd.byteLength > data.byteLength) data = this.#moreRoom(at, rowEnd.byteLength);
      at = copyPiece(data, at, rowEnd, 0, rowEnd.byteLength);
    }
    sink.length = at;
    return sink.view();
  }

  #moreRoom(length: number, count: number): DataView {
    this.#sink.length = length;
    this.#sink.reserve(count);
    return this.#sink.data;
  }

  /** Appends one cell with the key that precedes it, for a writer that does all others itself. */
  writeCell(target: ByteSink, vector: Vector, column: number, row: number): void {
    this.#sink.clear();
    this.#sink.writeBytes(this.keys[column] as Uint8Array); // a column of the schema
    for (const source of sourcesOf([vector])) this.#writeCell(source, column, row);
    target.writeBytes(this.#sink.view());
  }

  /** Any cell; those that are just copied are the business of `write`, too, which has no call for them. */
  #writeCell({ vector, cells, arena }: Source, column: number, row: number): void {
    const sink = this.#sink;
    const word = cells[row * 2 + 1] as number; // bounded by the caller, as all indexes here
    if (word & CELL_NULL) {
      sink.writeAscii('null');
      return;
    }
    const start = cells[row * 2] as number;
    const end = start + (word & CELL_LENGTH_MASK);
    switch (vector.type) {
      case 'string':
        if (word & CELL_SURROGATE) this.#repair(arena, start, end);
        if (word & CELL_SURROGATE) writeJsonText(sink, this.#scratch.data, 0, this.#scratch.length);
        else writeJsonText(sink, arena, start, end);
        return;
      case 'json':
        this.#repair(arena, start, end);
        sink.writeBytes(this.#scratch.view());
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
        writeJsonText(sink, this.#scratch.data, 0, this.#scratch.length);
      }
    }
  }

  /** JSON has no word for what is no number, and for the infinite: null, as JSON.stringify has it. */
  #writeDouble(value: number): void {
    // As Java prints it: with a fraction or an exponent, so that no reader takes it for a whole number of 64 bits.
    this.#sink.writeAscii(Number.isFinite(value) ? formatDouble(value) : 'null');
  }

  /** Lone surrogates cannot be UTF-8: each becomes U+FFFD. The text is left in the scratch. */
  #repair(source: DataView, start: number, end: number): void {
    const scratch = this.#scratch;
    scratch.clear();
    for (let at = start; at < end; at++) {
      const byte = source.getUint8(at);
      const isSurrogate = byte === 0xed && at + 1 < end && source.getUint8(at + 1) >= 0xa0;
      scratch.writeByte(isSurrogate ? 0xef : byte);
      if (!isSurrogate) continue;
      scratch.writeByte(0xbf);
      scratch.writeByte(0xbd);
      at += 2;
    }
  }
}

function sourcesOf(vectors: readonly Vector[]): Source[] {
  let bytes: Uint8Array | undefined;
  let arena = viewOf(new Uint8Array(0));
  return vectors.map((vector): Source => {
    // Columns mostly share an arena.
    if (vector.arena !== bytes) arena = viewOf(vector.arena);
    bytes = vector.arena;
    return { vector, cells: vector.cells, arena, ...copyingOf(vector.type) };
  });
}

/** When and how the text of a cell is copied. What is null is never. */
function copyingOf(type: Vector['type']): Pick<Source, 'flags' | 'flagsWanted' | 'way'> {
  switch (type) {
    case 'string': {
      // Flags are compared as the signed words that `&` gives.
      const flags = CELL_NULL | CELL_PLAIN | CELL_SURROGATE | 0;
      return { flags, flagsWanted: CELL_PLAIN, way: BETWEEN_QUOTES };
    }
    case 'json':
      return { flags: CELL_NULL | CELL_SURROGATE | 0, flagsWanted: 0, way: ALONE };
    case 'long':
    case 'double':
      return { flags: CELL_NULL | CELL_CANONICAL | 0, flagsWanted: CELL_CANONICAL, way: ALONE };
    case 'boolean':
    case 'timestamp':
      return { flags: 0, flagsWanted: 1, way: ALONE };
  }
}
