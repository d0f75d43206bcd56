/**
 * The memory that a CSV reader works in: the text at hand, and behind it the cells that are not pieces of the text
 * (unescaped quotes, canonical JSON). Cells of a batch are ranges of this memory: nothing is copied.
 *
 * Between the two lies a pad that scans may run into. With a kernel the memory is a region of the kernel's, which
 * cannot grow; without one it grows as it must.
 */
import { copyPiece } from '#spi/byte-copy.ts';
import type { Kernel } from '#codec/wasm/kernel.ts';
import { csvErrors } from './errors.ts';

/** A scan looks at 16 bytes at a time, a number at 32. */
const PAD_BYTES = 64;
/** Room for the longest record (`CSV_RECORD_BYTES_MAX`), the piece read behind it, and what its cells unfold to. */
const REGION_BYTES = 160 * 1024 * 1024;
const LF = 0x0a;

export class TextMemory {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the text begins, and where it ends. */
  readonly start: number;
  end: number;
  /** Where the cells behind it end. */
  sideEnd: number;
  /** Where the memory ends; infinite when it grows. */
  readonly limit: number;
  readonly #quote: number;
  #data: DataView;

  /**
   * Without a kernel, or when the kernel has no room left, memory of its own. `quote` is the byte that scans of quoted
   * cells stop at, or -1.
   */
  constructor(capacityBytes: number, quote = -1, kernel?: Kernel) {
    const region = kernel?.allocate(REGION_BYTES);
    if (kernel !== undefined && region !== undefined) {
      this.bytes = kernel.bytes;
      this.start = region;
      this.limit = region + REGION_BYTES;
    } else {
      this.bytes = new Uint8Array(capacityBytes);
      this.start = 0;
      this.limit = Infinity;
    }
    this.end = this.start;
    this.sideEnd = this.start;
    this.#quote = quote;
    this.#data = new DataView(this.bytes.buffer);
  }

  /**
   * Keeps the text from `position` on, forgets everything else, and gives the room behind it for `count` more bytes:
   * fill it, then call `append`.
   */
  room(position: number, count: number): Uint8Array<ArrayBuffer> {
    const kept = this.end - position;
    const needed = kept + count + PAD_BYTES;
    if (this.start + needed > this.limit) throw csvErrors.error('CSV_RECORD_TOO_LONG', { limit: REGION_BYTES });
    if (this.start + needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(this.bytes.length * 2, needed * 2)));
      grown.set(this.bytes.subarray(position, this.end));
      this.#replace(grown);
    } else if (position > this.start) {
      this.bytes.copyWithin(this.start, position, this.end);
    }
    this.end = this.start + kept;
    return this.bytes.subarray(this.end, this.end + count);
  }

  /** The text goes on with what the room has been filled with. */
  append(count: number): void {
    this.end += count;
    for (let at = this.end; at < this.end + PAD_BYTES; at += 2) {
      this.bytes[at] = LF;
      this.bytes[at + 1] = this.#quote < 0 ? LF : this.#quote;
    }
    this.sideEnd = this.end + PAD_BYTES;
  }

  /** Appends a copy of `[start, end)` of the memory to the cells at its end. */
  copyToSide(start: number, end: number): void {
    this.#reserve(end - start);
    this.sideEnd = copyPiece(this.#data, this.sideEnd, this.#data, start, end);
  }

  appendToSide(source: Uint8Array): void {
    this.#reserve(source.length);
    this.bytes.set(source, this.sideEnd);
    this.sideEnd += source.length;
  }

  #reserve(count: number): void {
    const needed = this.sideEnd + count;
    if (needed > this.limit) throw csvErrors.error('CSV_RECORD_TOO_LONG', { limit: REGION_BYTES });
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length + this.bytes.length / 2));
    grown.set(this.bytes.subarray(0, this.sideEnd));
    this.#replace(grown);
  }

  #replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#data = new DataView(bytes.buffer);
  }
}
