/** Names to be looked at: each by one at a time, several side by side; told twice meanwhile means once more. */

export interface WorkSetOptions {
  readonly parallel: number;
  /** Names that may wait; beyond that the periodic compare finds them. */
  readonly waitingMax: number;
  readonly failed: (name: string, error: unknown) => void;
}

export class WorkSet {
  readonly #handle: (name: string) => Promise<void>;
  readonly #options: WorkSetOptions;
  readonly #waiting = new Set<string>();
  readonly #working = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(handle: (name: string) => Promise<void>, options: WorkSetOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  add(name: string): void {
    if (this.#isClosed || this.#waiting.size >= this.#options.waitingMax) return;
    this.#waiting.add(name);
    this.#start();
  }

  get size(): number {
    return this.#waiting.size + this.#working.size;
  }

  /** Resolves when nothing waits and nobody works. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working.values());
  }

  /** Takes nothing more; resolves when those at work are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    await this.idle();
  }

  #start(): void {
    for (const name of this.#waiting) {
      if (this.#working.size >= this.#options.parallel) return;
      if (this.#working.has(name)) continue;
      this.#waiting.delete(name);
      const work = this.#handle(name)
        .catch((error: unknown) => this.#options.failed(name, error))
        .finally(() => {
          this.#working.delete(name);
          this.#start();
        });
      this.#working.set(name, work);
    }
  }
}
