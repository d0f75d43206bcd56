/** So many at once, so many waiting, and no more: the next one is told at once. */
export class Bounded {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  constructor({ atOnce, waitingMax }: { readonly atOnce: number; readonly waitingMax: number }) {
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  /** Undefined when there is no place left. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#atWork >= this.#atOnce && this.#waiting.length >= this.#waitingMax) return undefined;
    return this.#run(work);
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#atWork < this.#atOnce) this.#atWork += 1;
    // Whoever leaves hands over its place.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#atWork -= 1;
      else next();
    }
  }
}
