/** Waiting for something to happen to runs: a hint ends the wait early, and without one it ends too. */
import type { Hints } from '#control/store/hints.ts';

/** Told when anything of the run changes: its state, its counters, its log. */
export function runChannel(runId: string): string {
  return `run:${runId}`;
}

/** Told when any run of the workspace changes its state. */
export function workspaceChannel(workspaceId: string): string {
  return `runs:${workspaceId}`;
}

/** Without a hint one looks this often. */
const POLL_MS = 1000;
/** However many hints come, one looks no more often. */
const LOOK_MS_MIN = 250;

export class RunWake implements Disposable {
  readonly #signal: AbortSignal;
  readonly #stopListening: () => void;
  #isHeard = false;
  #wake: (() => void) | undefined;

  constructor(hints: Hints, channel: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#stopListening = hints.listen(channel, () => {
      this.#isHeard = true;
      this.#wake?.();
    });
  }

  /** False when the client has left. */
  async next(): Promise<boolean> {
    await this.#pause(LOOK_MS_MIN, false);
    if (!this.#isHeard) await this.#pause(POLL_MS - LOOK_MS_MIN, true);
    this.#isHeard = false;
    return !this.#signal.aborted;
  }

  async #pause(ms: number, endsEarly: boolean): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#signal.addEventListener('abort', done, { once: true });
      if (endsEarly) this.#wake = done;
    });
  }

  [Symbol.dispose](): void {
    this.#stopListening();
  }
}
