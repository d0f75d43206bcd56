/**
 * Who takes which chunk. Threads take the next one that is left, whenever they are free. From a file that is far away
 * a thread asks for chunks long before it works on them; taken as they come they would lie side by side, and the other
 * threads would wait for all of them. So there a thread has a seat, and every chunk of one remainder is its own.
 */
import { assert } from '#spi/assert.ts';

// Words of 32 bits: how many threads have joined; then per seat, how many chunks were taken.
const JOINED = 0;
const TAKEN = 1;

export class Claims {
  readonly #words: Int32Array;
  readonly #chunkCount: number;

  /** Memory for claims. With one seat all threads share it. */
  static memory(seatCount: number): SharedArrayBuffer {
    assert(seatCount >= 1, 'there is a seat');
    return new SharedArrayBuffer((TAKEN + seatCount) * 4);
  }

  constructor(memory: SharedArrayBuffer, chunkCount: number) {
    this.#words = new Int32Array(memory);
    this.#chunkCount = chunkCount;
  }

  get #seatCount(): number {
    return this.#words.length - TAKEN;
  }

  /** Takes part; the answer gives chunk after chunk, and undefined when none are left for this thread. */
  join(): () => number | undefined {
    const seatCount = this.#seatCount;
    const joined = Atomics.add(this.#words, JOINED, 1);
    const seat = seatCount === 1 ? 0 : joined;
    if (seat >= seatCount) return () => undefined;
    return () => {
      const chunk = Atomics.add(this.#words, TAKEN + seat, 1) * seatCount + seat;
      return chunk < this.#chunkCount ? chunk : undefined;
    };
  }

  /** Whether there is work for a thread that joins now. */
  get hasMore(): boolean {
    if (this.#seatCount === 1) return Atomics.load(this.#words, TAKEN) < this.#chunkCount;
    const next = Atomics.load(this.#words, JOINED);
    return next < this.#seatCount && next < this.#chunkCount;
  }
}
