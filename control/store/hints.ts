/**
 * Hints: "something about this may have changed". They shorten waiting and decide nothing: any may be lost, come twice
 * or come late, and whoever listens also looks by itself from time to time. They are coalesced, and never part of a
 * transaction: a NOTIFY inside one takes a lock of the whole database at its commit.
 */

/** How often a channel is told at most: 20 times a second. */
const TELL_INTERVAL_MS = 50;
/** Channels told at once by name; beyond that everybody is told that anything may have changed. */
const CHANNELS_MAX = 500;
/** In the place of a channel: all of them. */
export const everyChannel = '*';

export interface Hints {
  tell(channel: string): void;
  /** Returns what ends the listening. `heard` does little and does not throw. */
  listen(channel: string, heard: () => void): () => void;
}

/** Collects what is told, and passes it on: at once when it was quiet, else after the interval. */
export class HintRelay implements Hints {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #told = new Set<string>();
  readonly #pass: (channels: readonly string[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #passedAtMs = -TELL_INTERVAL_MS;
  #isClosed = false;

  /** `pass` is given the channels that were told here, for other processes. */
  constructor(pass: (channels: readonly string[]) => void = () => {}) {
    this.#pass = pass;
  }

  tell(channel: string): void {
    if (this.#isClosed) return;
    this.#told.add(this.#told.size < CHANNELS_MAX ? channel : everyChannel);
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#passedAtMs + TELL_INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => this.#flush(), waitMs);
    this.#timer.unref();
  }

  listen(channel: string, heard: () => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    // The same function may listen twice.
    const entry = (): void => heard();
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel);
    };
  }

  /** Tells those who listen here. */
  hear(channel: string): void {
    if (channel === everyChannel) {
      for (const listeners of [...this.#listeners.values()]) for (const heard of [...listeners]) heard();
      return;
    }
    for (const heard of [...(this.#listeners.get(channel) ?? [])]) heard();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#told.clear();
    this.#listeners.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    this.#passedAtMs = performance.now();
    const channels = this.#told.has(everyChannel) ? [everyChannel] : [...this.#told];
    this.#told.clear();
    this.#pass(channels);
    for (const channel of channels) this.hear(channel);
  }
}
