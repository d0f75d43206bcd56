/** How often somebody may ask: a bucket of requests for each, filled at a steady rate. */

export interface RateOptions {
  readonly perSecond: number;
  /** Requests at once, after a pause. */
  readonly burst: number;
  /** Milliseconds that only go forward. */
  readonly nowMs?: () => number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Of whom buckets are kept; the one that asked least recently is forgotten, which forgives it. */
const BUCKETS_MAX = 10_000;

export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();
  readonly #nowMs: () => number;
  readonly #options: RateOptions;

  constructor(options: RateOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** 0 when the request may go on, else the seconds after which it may. */
  take(key: string): number {
    const { perSecond, burst } = this.#options;
    const now = this.#nowMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = now;
    // A Map remembers the order of insertion: the one that asks becomes the last to go.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > BUCKETS_MAX) this.#forgetOldest();
    if (bucket.tokens < 1) return (1 - bucket.tokens) / perSecond;
    bucket.tokens -= 1;
    return 0;
  }

  #forgetOldest(): void {
    const { value } = this.#buckets.keys().next();
    if (value !== undefined) this.#buckets.delete(value);
  }
}
