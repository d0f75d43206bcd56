/**
 * Parses ranges of a CSV file in UTF-8. A record belongs to the range in which it begins. Text is read straight into
 * the memory that the records lie in.
 *
 * Malformed UTF-8 is replaced while decoding, and then positions in the text are not positions in the file: from
 * there on the parser goes through the rest of the file in one stream (`RangeEnd.isSequential`).
 */
import { isUtf8 } from 'node:buffer';
import type { Rejection } from '#spi/context.ts';
import type { Batch } from '#spi/batch.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import type { RangeEnd, RangeFile, RangeParser, TextPlace } from '#spi/ranges.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import type { CharsetDecoder } from '#codec/charset/decoder.ts';
import { utf8TailLength } from '#codec/charset/utf8-repair.ts';
import { CsvBatchReader } from '#codec/csv/batch-reader.ts';
import type { CsvPlace, CsvReaderOptions } from '#codec/csv/batch-reader.ts';
import { acquireKernel } from '#codec/wasm/kernel.ts';
import type { Kernel } from '#codec/wasm/kernel.ts';

/** Read behind a range at first, for its last record; then doubled as far as that record needs it. */
const TAIL_BYTES = 16 * 1024;
const PIECE_BYTES_MAX = 1024 * 1024;
/** Line ends that are tried as starts of records. */
const CANDIDATES_MAX = 64;
/** Records without a fault that make a guess. */
const PROBE_RECORDS = 32;
const LF = 0x0a;
const CR = 0x0d;

export interface RangeParserOptions extends Omit<CsvReaderOptions, 'reject' | 'kernel'> {
  readonly charset: string;
  /** Called for a bad record before it is rejected; throws when the run is to stop at it. */
  readonly check: (reason: RopewayError, where: ErrorPlace) => void;
}

/** The parser; it takes its memory when the first file shows how much there is to read. */
export function csvRangeParser(options: RangeParserOptions): RangeParser {
  let parser: FileParser | undefined;
  const of = (file: RangeFile): FileParser => (parser ??= new FileParser(options, file));
  return {
    start: { position: 0, lines: 0, pendingLines: options.skipHeaderLines },
    guess: (file, from, to) => of(file).guess(from, to),
    parse: (file, range, reject) => of(file).parse(range, reject),
    close: () => parser?.close(),
  };
}

class FileParser {
  readonly #file: RangeFile;
  readonly #charset: string;
  readonly #kernel: Kernel | undefined;
  readonly #reader: CsvBatchReader;
  #reject: (rejection: Rejection) => void = () => {};
  /** The piece read last is malformed: who goes on from here goes on in one stream. */
  #isMalformed = false;
  /** Set in that stream, with how far the file has been read. */
  #decoder: CharsetDecoder | undefined;
  #filePosition = 0;
  #raw = new Uint8Array(0);

  constructor(options: RangeParserOptions, file: RangeFile) {
    this.#file = file;
    this.#charset = options.charset;
    this.#kernel = acquireKernel(file.sizeBytes);
    this.#reader = new CsvBatchReader({
      ...options,
      kernel: this.#kernel,
      reject: (reason, line, text) => {
        const where = { file: file.name, line };
        options.check(reason, where);
        this.#reject({ reason, where: { ...where, ...reason.where }, text });
      },
    });
  }

  close(): void {
    this.#kernel?.release();
  }

  async guess(from: number, to: number): Promise<TextPlace | undefined> {
    this.#isMalformed = false;
    // One byte before: a record may begin exactly at the first of the range.
    this.#reader.begin(readerPlace(from - 1));
    if (!(await this.#load(to - from + 1 + TAIL_BYTES))) return undefined;
    const { text } = this.#reader;
    const end = Math.min(text.length, to - from + 1);
    let after = 0;
    for (let tried = 0; tried < CANDIDATES_MAX; tried++) {
      after = behindLineBreak(text, after, end);
      const position = from - 1 + after;
      if (after < 0 || position >= to) return undefined;
      this.#reader.moveTo(readerPlace(position));
      if (this.#reader.probe(PROBE_RECORDS)) return { position, lines: 0, pendingLines: 0 };
    }
    return undefined;
  }

  async *parse(
    { place, to }: { readonly place: TextPlace; readonly to: number },
    reject: (rejection: Rejection) => void,
  ): AsyncGenerator<Batch, RangeEnd> {
    this.#reject = reject;
    this.#goTo(place);
    for (let tail = TAIL_BYTES; ; tail = Math.min(tail * 2, PIECE_BYTES_MAX)) {
      yield* this.#reader.batches(to);
      if (this.#reader.place.position >= to || this.#reader.isLast) return this.#end(this.#reader.isLast);
      const missing = Math.max(0, to - this.#reader.textRange.to) + tail;
      if (!(await this.#load(Math.min(missing, PIECE_BYTES_MAX + TAIL_BYTES)))) return this.#end(false);
    }
  }

  #end(isTextRead: boolean): RangeEnd {
    const { position, lines, headerLines } = this.#reader.place;
    return {
      place: { position, lines, pendingLines: headerLines },
      isEnd: isTextRead && position === this.#reader.textRange.to,
      isSequential: this.#isMalformed || this.#decoder !== undefined,
    };
  }

  /** Goes to the place, without reading again what is at hand. */
  #goTo({ position, lines, pendingLines }: TextPlace): void {
    // In one stream the only place is where reading stands.
    if (this.#decoder !== undefined) return;
    const place = { position, lines, headerLines: pendingLines };
    if (this.#isMalformed) {
      this.#decoder = charsetDecoder(this.#charset);
      this.#filePosition = position;
      this.#reader.begin(place);
      return;
    }
    const { from, to } = this.#reader.textRange;
    if (position >= from && position <= to) this.#reader.moveTo(place);
    else this.#reader.begin(place);
  }

  /** Reads so many bytes more, or as many as there are; false when they are malformed. */
  async #load(count: number): Promise<boolean> {
    if (this.#decoder !== undefined) {
      await this.#loadDecoded(count, this.#decoder);
      return true;
    }
    const { from, to: position } = this.#reader.textRange;
    const room = this.#reader.room(Math.min(count, this.#file.sizeBytes - position));
    const read = await this.#file.read(position, room);
    const isLast = position + read >= this.#file.sizeBytes;
    const tail = isLast ? 0 : utf8TailLength(room.subarray(0, read));
    // A range may begin within a character, which is then the affair of the range before.
    const head = position === from ? continuationLength(room) : 0;
    if (!isUtf8(room.subarray(head, read - tail))) {
      this.#isMalformed = true;
      return false;
    }
    this.#reader.append(read - tail, isLast);
    return true;
  }

  async #loadDecoded(count: number, decoder: CharsetDecoder): Promise<void> {
    if (this.#raw.length < count) this.#raw = new Uint8Array(count);
    const read = await this.#file.read(this.#filePosition, this.#raw.subarray(0, count));
    this.#filePosition += read;
    const isLast = this.#filePosition >= this.#file.sizeBytes;
    const decoded = decoder.decode(this.#raw.subarray(0, read), isLast);
    this.#reader.room(decoded.length).set(decoded);
    this.#reader.append(decoded.length, isLast);
  }
}

function readerPlace(position: number): CsvPlace {
  return { position, lines: 0, headerLines: 0 };
}

/** Bytes at the start that go on with a character. */
function continuationLength(bytes: Uint8Array): number {
  let length = 0;
  while (length < 3 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length += 1;
  return length;
}

/** The position behind the first line break at or behind `start`, or -1. */
function behindLineBreak(text: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = text[at];
    if (byte === LF || (byte === CR && text[at + 1] !== LF)) return at + 1;
  }
  return -1;
}
