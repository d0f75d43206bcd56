/**
 * Reading ranges of an object ahead of being asked. The threads at a file take its chunks in turn, so the distance
 * between two large reads of one thread stays much the same: it says which ranges the thread will want next. A wrong
 * guess costs a request in vain; a right one hides the wait for the store, which is longer than the transfer.
 */

/** So many ranges are sent for ahead of a read; each is as large as the reads (1 MiB). */
export const RANGES_AHEAD = 4;
/** Ranges that are on their way or waiting to be read at most. */
export const RANGES_HELD_MAX = 8;
/** Reads below this size (the end of a record, for example) are not part of the pattern. */
export const LARGE_READ_BYTES: number = 256 * 1024;
/** Distances that are remembered; the most frequent one counts. */
const DISTANCES_KEPT = 5;

/** Fills the target with the bytes from the position on, unless the signal says that nobody wants them any more. */
export type Fetch = (position: number, target: Uint8Array, signal: AbortSignal) => Promise<void>;

interface Ahead {
  readonly target: Uint8Array;
  readonly done: Promise<void>;
  readonly stop: AbortController;
}

export class ReadAhead {
  readonly #sizeBytes: number;
  readonly #fetch: Fetch;
  readonly #signal: AbortSignal;
  readonly #ahead = new Map<number, Ahead>();
  readonly #distances: number[] = [];
  /** Memory of ranges that have been handed over. */
  readonly #spare: Uint8Array[] = [];
  #last: number | undefined;

  constructor(sizeBytes: number, fetch: Fetch, signal: AbortSignal) {
    this.#sizeBytes = sizeBytes;
    this.#fetch = fetch;
    this.#signal = signal;
  }

  /** Fills the target, as far as the object goes. */
  async read(position: number, target: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(target.length, this.#sizeBytes - position));
    if (length === 0) return 0;
    const ahead = this.#ahead.get(position);
    this.#ahead.delete(position);
    if (target.length >= LARGE_READ_BYTES) this.#plan(position, target.length);
    if (ahead === undefined || ahead.target.length < length) {
      ahead?.stop.abort();
      await this.#fetch(position, target.subarray(0, length), this.#signal);
      return length;
    }
    await ahead.done;
    target.set(ahead.target.subarray(0, length));
    if (this.#spare.length < RANGES_AHEAD) this.#spare.push(ahead.target);
    return length;
  }

  close(): void {
    for (const start of this.#ahead.keys()) this.#drop(start);
  }

  /** Learns from a large read, and sends for what will follow it. */
  #plan(position: number, count: number): void {
    if (this.#last !== undefined) {
      this.#distances.push(position - this.#last);
      if (this.#distances.length > DISTANCES_KEPT) this.#distances.shift();
    }
    this.#last = position;
    const distance = mostFrequent(this.#distances);
    if (distance <= 0) return;
    // When threads overtake each other a guess comes true one read later: only what lies behind is given up.
    for (const start of this.#ahead.keys()) if (start <= position) this.#drop(start);
    for (let step = 1; step <= RANGES_AHEAD; step++) {
      const start = position + step * distance;
      if (start >= this.#sizeBytes || this.#ahead.has(start)) continue;
      // The oldest are the least likely to be wanted still.
      const [oldest] = this.#ahead.keys();
      if (this.#ahead.size === RANGES_HELD_MAX && oldest !== undefined) this.#drop(oldest);
      this.#ahead.set(start, this.#send(start, count));
    }
  }

  #drop(start: number): void {
    this.#ahead.get(start)?.stop.abort();
    this.#ahead.delete(start);
  }

  #send(start: number, count: number): Ahead {
    const length = Math.min(count, this.#sizeBytes - start);
    const spare = this.#spare.pop();
    const memory = spare !== undefined && spare.byteLength >= length ? spare : new Uint8Array(length);
    const target = memory.subarray(0, length);
    const stop = new AbortController();
    const done = this.#fetch(start, target, AbortSignal.any([stop.signal, this.#signal]));
    // Whoever wants the range hears of its failure.
    done.catch(() => {});
    return { target, done, stop };
  }
}

function mostFrequent(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  // Of equally frequent ones the latest.
  return [...counts].reduce((best, entry) => (entry[1] >= best[1] ? entry : best), [0, 0])[0] ?? 0;
}
