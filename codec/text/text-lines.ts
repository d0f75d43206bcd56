/** Lines out of text that arrives in pieces: of UTF-8, or of any charset in which CR and LF are always line breaks. */
import { textErrors } from './errors.ts';
import { findLineEnd, lineBreakLength } from './physical-lines.ts';

/** Bytes of a line at most. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

const inside = { recognized: null, isLast: false };
const atTheEnd = { recognized: null, isLast: true };

/**
 * Append a piece, then call `next` until there is no more line in it: the line is `bytes[start, end)`, valid until the
 * next piece is appended. CR LF, LF and CR all end a line; a last one needs no end.
 */
export class TextLines {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Of the current line, from 1. */
  line = 0;
  #held: Uint8Array = new Uint8Array(0);
  #position = 0;
  #textEnd = 0;
  #isLast = false;
  /** How far there is known to be no line break. */
  #searched = 0;

  append(chunk: Uint8Array, isLast: boolean): void {
    const kept = this.#textEnd - this.#position;
    this.#searched -= this.#position;
    if (kept === 0) {
      this.bytes = chunk;
    } else {
      // The chunk is only lent: what is kept of it moves to memory of our own, which grows by doubling.
      if (this.#held.length < kept + chunk.length) {
        const grown = new Uint8Array(Math.max(kept + chunk.length, this.#held.length * 2));
        grown.set(this.bytes.subarray(this.#position, this.#textEnd));
        this.#held = grown;
      } else {
        this.#held.set(this.bytes.subarray(this.#position, this.#textEnd));
      }
      this.#held.set(chunk, kept);
      this.bytes = this.#held;
    }
    this.#position = 0;
    this.#textEnd = kept + chunk.length;
    this.#isLast = isLast;
  }

  /** Goes to the next line; false when there is none in the text so far. */
  next(): boolean {
    if (this.#position >= this.#textEnd) return this.#keep();
    const { bytes } = this;
    const from = Math.max(this.#position, this.#searched);
    const found = findLineEnd(bytes, from, this.#textEnd, this.#isLast ? atTheEnd : inside);
    if (found < 0) return this.#keep();
    this.start = this.#position;
    this.end = found;
    this.line += 1;
    this.#position = found + lineBreakLength(bytes, found, this.#textEnd, null);
    this.#searched = this.#position;
    return true;
  }

  /** What is left of a borrowed chunk is copied, before the next chunk takes its memory. */
  #keep(): boolean {
    const kept = this.#textEnd - this.#position;
    if (kept > LINE_BYTES_MAX) {
      const where = { line: this.line + 1 };
      throw textErrors.error('TEXT_LINE_TOO_LONG', { limit: LINE_BYTES_MAX }, { where });
    }
    // A CR at the end may be the first half of a line break.
    this.#searched = Math.max(this.#position, this.#textEnd - 1);
    if (this.bytes === this.#held || kept === 0) return false;
    if (this.#held.length < kept) this.#held = new Uint8Array(Math.max(kept, 4096));
    this.#held.set(this.bytes.subarray(this.#position, this.#textEnd));
    this.bytes = this.#held;
    this.#searched -= this.#position;
    this.#position = 0;
    this.#textEnd = kept;
    return false;
  }
}

/** The position behind a byte order mark of UTF-8 at the start. */
export function behindMark(bytes: Uint8Array, start: number, end: number): number {
  const isMark = end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
  return isMark ? start + 3 : start;
}
