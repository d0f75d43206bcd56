/**
 * How long this runner may believe in its claim, by the monotonic clock and from the moment that the question was sent:
 * the control plane counts from when it arrived, and so always longer.
 */
export class Lease {
  readonly #marginMs: number;
  readonly #ended: () => void;
  #until = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `ended` is called once, `marginMs` before the lease ends. */
  constructor(marginMs: number, ended: () => void) {
    this.#marginMs = marginMs;
    this.#ended = ended;
  }

  /** An answer to what was sent at that time (`performance.now()`) has come. */
  renew(sentAtMs: number, leaseS: number): void {
    const until = sentAtMs + leaseS * 1000 - Math.min(this.#marginMs, (leaseS * 1000) / 2);
    if (this.#isOver || until <= this.#until) return;
    this.#until = until;
    this.#arm();
  }

  /** Before every step that cannot be taken back. */
  get isValid(): boolean {
    return !this.#isOver && performance.now() < this.#until;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Timers may be early by a fraction.
      if (performance.now() < this.#until) return this.#arm();
      this.#isOver = true;
      this.#ended();
    }, this.#until - performance.now());
  }
}
