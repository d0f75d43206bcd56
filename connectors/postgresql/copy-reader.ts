/**
 * Rows of COPY's text format, straight from bytes: cells end with a tab, rows with a newline, `\N` is null, and a
 * backslash escapes what would end either.
 */
import { CELL_PLAIN } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Schema } from '#spi/schema.ts';
import type { CellReader, CellText } from './cell-readers.ts';
import { postgresErrors } from './errors.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** Bytes of a row at most: longer than any cell that a batch takes, and a bound for what waits in memory. */
const ROW_BYTES_MAX = 512 * 1024 * 1024;

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

export class CopyReader {
  readonly #builder: BatchBuilder;
  readonly #readers: readonly CellReader[];
  /** Pieces of a row whose end has not come. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  readonly #unescaped = new ByteSink(1024);
  readonly #text: CellText = { bytes: this.#bytes, start: 0, end: 0, flags: 0 };
  #lastBytes: Uint8Array = this.#bytes;
  #lastStart = 0;
  #lastEnd = -1;

  constructor(schema: Schema, readers: readonly CellReader[]) {
    this.#builder = new BatchBuilder(schema);
    this.#readers = readers;
  }

  /** Takes a piece in; `next` gives what is in it. The bytes must stay as they are. */
  feed(chunk: Uint8Array): void {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#keep(chunk);
      return;
    }
    this.#bytes = this.#pieces.length === 0 ? chunk : Buffer.concat([...this.#pieces, chunk]);
    this.#end = this.#pieceBytes + last + 1;
    this.#at = 0;
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (last + 1 < chunk.length) this.#keep(chunk.subarray(last + 1));
  }

  /** The next full batch of what was fed, or undefined. */
  next(): Batch | undefined {
    while (this.#at < this.#end) {
      this.#row();
      if (this.#builder.isFull) return this.#builder.take();
    }
    return undefined;
  }

  /** What is left when the last piece has been taken in. */
  rest(): Batch | undefined {
    if (this.#pieceBytes > 0) throw this.#broken();
    return this.#builder.take();
  }

  /** The texts of the last row, or undefined when there was none. */
  lastRow(): readonly (string | null)[] | undefined {
    if (this.#lastEnd < 0) return undefined;
    const line = Buffer.from(this.#lastBytes.subarray(this.#lastStart, this.#lastEnd)).toString('utf8');
    return line.split('\t').map((cell) => (cell === '\\N' ? null : unescapeText(cell)));
  }

  #keep(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > ROW_BYTES_MAX) throw postgresErrors.error('PG_ROW_SIZE', { limit: ROW_BYTES_MAX });
    this.#pieces.push(piece);
  }

  #row(): void {
    const bytes = this.#bytes;
    const readers = this.#readers;
    const text = this.#text;
    const last = readers.length - 1;
    let at = this.#at;
    this.#lastBytes = bytes;
    this.#lastStart = at;
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
      text.bytes = bytes;
      text.start = start;
      text.end = at - 1;
      text.flags = seen === 0 ? CELL_PLAIN : 0;
      if ((seen & ESCAPE) !== 0) {
        if (at - 1 - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === 0x4e) continue;
        this.#unescape();
      }
      (readers[column] as CellReader)(text, this.#builder, column); // bounded by the loop
    }
    this.#lastEnd = at - 1;
    this.#at = at;
    this.#builder.endRow();
  }

  /** Replaces the text under way by what it means. */
  #unescape(): void {
    const text = this.#text;
    const sink = this.#unescaped;
    sink.clear();
    sink.reserve(text.end - text.start);
    const target = sink.bytes;
    let to = 0;
    for (let at = text.start; at < text.end; at++) {
      let byte = text.bytes[at] as number; // bounded by the loop, as below: the server ends no cell with a backslash
      if (byte === BACKSLASH) byte = escapes[text.bytes[++at] as number] as number;
      target[to++] = byte;
    }
    text.bytes = target;
    text.start = 0;
    text.end = to;
  }

  #broken(): Error {
    return postgresErrors.error('PG_COPY_TEXT', { columns: this.#readers.length });
  }
}

function unescapeText(cell: string): string {
  return cell.replace(/\\([^])/g, (_, letter: string) => String.fromCharCode(escapes[letter.charCodeAt(0)] ?? 0x3f));
}
