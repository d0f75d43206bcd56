/** Bytes that arrive in pieces, read in amounts of one's own. */
import type { Bytes } from '#spi/files.ts';

const nothing = new Uint8Array(0);

export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = nothing;
  #at = 0;
  #isOpen = true;

  constructor(bytes: Bytes) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }

  /** The next bytes, borrowed: at most so many, fewer when a piece ends, none at the end. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#at === this.#chunk.length) {
      const step = await this.#iterator.next();
      if (step.done === true) {
        this.#isOpen = false;
        this.#chunk = nothing;
        this.#at = 0;
        return nothing;
      }
      this.#chunk = step.value;
      this.#at = 0;
    }
    const piece = this.#chunk.subarray(this.#at, this.#at + most);
    this.#at += piece.length;
    return piece;
  }

  /** So many bytes, in memory of their own; fewer when there are no more. */
  async take(count: number): Promise<Buffer> {
    const taken = Buffer.alloc(count);
    let length = 0;
    while (length < count) {
      const piece = await this.some(count - length);
      if (piece.length === 0) break;
      taken.set(piece, length);
      length += piece.length;
    }
    return taken.subarray(0, length);
  }

  /** Goes on behind so many bytes; how many of them there were. */
  async skip(count: number): Promise<number> {
    let skipped = 0;
    while (skipped < count) {
      const piece = await this.some(count - skipped);
      if (piece.length === 0) break;
      skipped += piece.length;
    }
    return skipped;
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#iterator.return?.();
    this.#isOpen = false;
  }
}
