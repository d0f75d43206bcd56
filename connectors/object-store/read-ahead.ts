/**
 * Ranges of an object that are sent for before they are read. The wait for the store is longer than the transfer, so
 * several are on their way at a time.
 */

/** Ranges on their way while one is worked on, per thread; each is a chunk of 1 MiB. */
export const RANGES_AHEAD = 4;
/** What was announced and never read is given up when there is more than this. */
export const RANGES_HELD_MAX = 8;
/** A record begins a little before a range or ends a little behind it: that much comes along. */
export const MARGIN_BYTES: number = 32 * 1024;

/** Fills the target with the bytes from the position on, unless the signal says that nobody wants them any more. */
export type Fetch = (position: number, target: Uint8Array, signal: AbortSignal) => Promise<void>;

interface Ahead {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly done: Promise<void>;
  readonly stop: AbortController;
}

export class ReadAhead {
  readonly #sizeBytes: number;
  readonly #fetch: Fetch;
  readonly #signal: AbortSignal;
  /** In the order of announcement, which is that of the file. */
  readonly #ahead: Ahead[] = [];
  /** Memory of ranges that have been read. */
  readonly #spare: Uint8Array[] = [];
  /** Of ranges that are on their way, also of the one that is waited for. */
  readonly #stops = new Set<AbortController>();
  // One listener for all of them: signals that are combined for each range take longer than the bytes.
  readonly #giveUp = (): void => {
    for (const stop of this.#stops) stop.abort();
  };

  constructor(sizeBytes: number, fetch: Fetch, signal: AbortSignal) {
    this.#sizeBytes = sizeBytes;
    this.#fetch = fetch;
    this.#signal = signal;
    signal.addEventListener('abort', this.#giveUp);
  }

  /** Sends for the range. */
  announce(from: number, to: number): void {
    if (this.#ahead.length === RANGES_HELD_MAX) this.#ahead.shift()?.stop.abort();
    const start = Math.max(0, from - MARGIN_BYTES);
    const length = Math.min(to + MARGIN_BYTES, this.#sizeBytes) - start;
    const spare = this.#spare.pop();
    const memory = spare !== undefined && spare.length >= length ? spare : new Uint8Array(length);
    const bytes = memory.subarray(0, length);
    const stop = new AbortController();
    if (this.#signal.aborted) stop.abort();
    const done = this.#fetch(start, bytes, stop.signal);
    this.#stops.add(stop);
    const settle = (): void => void this.#stops.delete(stop);
    // Whoever reads the range hears of its failure.
    done.then(settle, settle);
    this.#ahead.push({ start, bytes, done, stop });
  }

  /** Fills the target, as far as the object goes. */
  async read(position: number, target: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(target.length, this.#sizeBytes - position));
    const ahead = this.#ahead.find(({ start, bytes }) => position >= start && position < start + bytes.length);
    let filled = 0;
    if (ahead !== undefined) {
      const from = position - ahead.start;
      const part = ahead.bytes.subarray(from, from + length);
      filled = part.length;
      // The end of a record may lie in a range that is still to be read as a whole.
      const isRead = from + filled >= ahead.bytes.length - 2 * MARGIN_BYTES;
      if (isRead) this.#remove(ahead);
      await ahead.done;
      target.set(part);
      if (isRead && this.#spare.length < RANGES_AHEAD) this.#spare.push(ahead.bytes);
    }
    if (filled < length) await this.#fetch(position + filled, target.subarray(filled, length), this.#signal);
    return length;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#giveUp);
    for (const { stop } of this.#ahead.splice(0)) stop.abort();
    this.#giveUp();
  }

  /** Those before it will not be read any more. */
  #remove(ahead: Ahead): void {
    const removed = this.#ahead.splice(0, this.#ahead.indexOf(ahead) + 1);
    for (const { stop } of removed.slice(0, -1)) stop.abort();
  }
}
