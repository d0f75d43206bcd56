import { viewOf } from './byte-copy.ts';

const empty = new Uint8Array(0);
const emptyView = viewOf(empty);
const emptyBuffer = Buffer.from(empty.buffer);

/**
 * A growing byte buffer for writers: records are encoded into it, and its filled part goes on as one chunk.
 * Hot loops take `bytes` or `data`, and `length`, into locals after `reserve`, write, and store `length` back.
 */
export class ByteSink {
  bytes: Uint8Array<ArrayBuffer> = empty;
  /** The same memory, for writing several bytes at once. */
  data: DataView = emptyView;
  length = 0;
  readonly #firstBytes: number;
  #buffer: Buffer<ArrayBuffer> = emptyBuffer;

  /** The memory is made with the first byte; there are many sinks that never get one. */
  constructor(capacityBytes = 64 * 1024) {
    this.#firstBytes = capacityBytes;
  }

  /** Makes room for `count` more bytes. May replace `bytes` and `data`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  // Apart from `reserve`, so that the latter is small enough to become part of its callers.
  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2, this.#firstBytes));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.data = viewOf(grown);
    this.#buffer = Buffer.from(grown.buffer);
  }

  writeByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  /** Appends `source[start, end)`. */
  writeBytes(source: Uint8Array, start = 0, end: number = source.length): void {
    const count = end - start;
    this.reserve(count);
    if (count < 48) {
      // Below about 48 bytes a loop is faster than the call into the engine.
      const target = this.bytes;
      let at = this.length;
      for (let i = start; i < end; i++) target[at++] = source[i] as number;
    } else {
      this.bytes.set(source.subarray(start, end), this.length);
    }
    this.length += count;
  }

  /** Appends text whose characters are all below 0x80. */
  writeAscii(text: string): void {
    this.reserve(text.length);
    const target = this.bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) target[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Appends text as UTF-8; a lone surrogate becomes U+FFFD. Returns the number of bytes. */
  writeString(text: string): number {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.reserve(text.length * 3);
    const count = this.#buffer.write(text, this.length, 'utf8');
    this.length += count;
    return count;
  }

  /** The filled part, without a copy: valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}
