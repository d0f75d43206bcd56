/**
 * Runs the tasks of a transaction on a few threads, this one among them. A large file is shared by all of them, chunk
 * by chunk; other tasks are run whole, one per thread at a time. Tasks are begun in their order.
 */
import { engineErrors } from './errors.ts';
import type { ExecutionEvents, Runner, TaskFailure, TaskItem } from './executor.ts';
import type { InlineRunner } from './inline-runner.ts';
import type { SplitTask } from './split/split-task.ts';
import type { TaskReports } from './task.ts';

/** Files below this size are run whole: sharing them costs more than it brings. */
const SHARED_FROM_BYTES = 4 * 1024 * 1024;

export interface ExecutionParts {
  readonly inline: InlineRunner;
  /** Further threads. */
  readonly others: readonly Runner[];
  readonly events: ExecutionEvents;
  readonly signal: AbortSignal;
  /**
   * A failed task does not stop the others (they can be kept for a resume). Otherwise nothing new is started after a
   * failure.
   */
  readonly keepGoing: boolean;
}

/** A file that is being shared. */
interface Shared {
  readonly item: TaskItem;
  readonly split: SplitTask;
  /** Threads at work on it. */
  participants: number;
  failure: { readonly error: unknown } | undefined;
}

type Work = { readonly item: TaskItem; readonly shared?: undefined } | { readonly shared: Shared };

export class Execution {
  readonly #parts: ExecutionParts;
  readonly #waiting: TaskItem[];
  readonly #failures: TaskFailure[] = [];
  #shared: Shared | undefined;
  /** Tasks that run whole at the moment. */
  #wholeTasks = 0;
  /** Work is handed out, and finished tasks are recorded, one at a time. */
  #handingOut: Promise<unknown> = Promise.resolve();
  #recording: Promise<void> = Promise.resolve();

  constructor(parts: ExecutionParts, items: readonly TaskItem[]) {
    this.#parts = parts;
    this.#waiting = [...items];
  }

  /** Returns the failures in order of task index; throws only when the execution as a whole broke. */
  async run(): Promise<readonly TaskFailure[]> {
    const { inline, others, events } = this.#parts;
    const runners = [inline, ...others];
    try {
      await Promise.all(runners.map((runner) => this.#serve(runner)));
      await this.#recording;
    } finally {
      for (const runner of runners) await runner.close();
    }
    for (const runner of runners) events.skipped(runner.skips());
    return this.#failures.sort((a, b) => a.index - b.index);
  }

  /** One thread, until there is nothing more for it. */
  async #serve(runner: Runner): Promise<void> {
    for (;;) {
      const next = this.#handingOut.then(() => this.#next());
      this.#handingOut = next.catch(() => {});
      const work = await next;
      if (work === undefined) return;
      if (work.shared === undefined) await this.#runWhole(runner, work.item);
      else await this.#share(runner, work.shared);
    }
  }

  async #next(): Promise<Work | undefined> {
    for (;;) {
      // Also after a failure elsewhere: others may wait for this thread's chunks.
      if (this.#shared?.split.hasMore === true) {
        this.#shared.participants += 1;
        return { shared: this.#shared };
      }
      if (this.#isStopped()) return undefined;
      const item = this.#waiting.shift();
      if (item === undefined) return undefined;
      const isLarge = item.sizeBytes === undefined || item.sizeBytes >= SHARED_FROM_BYTES;
      if (this.#parts.others.length === 0 || !isLarge) return { item };
      try {
        const split = await this.#parts.inline.openSplit(item, this.#freeThreads());
        if (split === undefined) return { item };
        this.#shared = { item, split, participants: 0, failure: undefined };
        // A file without a byte has nobody at work on it.
        if (!split.hasMore) await this.#finish(this.#shared);
      } catch (error) {
        this.#failures.push({ index: item.index, error });
      }
    }
  }

  /** Threads that are not at work on a task of their own: they ask for work soon. */
  #freeThreads(): number {
    return 1 + this.#parts.others.length - this.#wholeTasks;
  }

  #isStopped(): boolean {
    const { signal, keepGoing } = this.#parts;
    if (!signal.aborted) return this.#failures.length > 0 && !keepGoing;
    const [first] = this.#waiting;
    if (first !== undefined && this.#failures.length === 0) {
      this.#failures.push({ index: first.index, error: engineErrors.error('RUN_CANCELLED') });
    }
    return true;
  }

  async #runWhole(runner: Runner, item: TaskItem): Promise<void> {
    this.#wholeTasks += 1;
    try {
      this.#record(item.index, await runner.runTask(item));
    } catch (error) {
      this.#failures.push({ index: item.index, error });
    } finally {
      this.#wholeTasks -= 1;
    }
  }

  async #share(runner: Runner, shared: Shared): Promise<void> {
    try {
      // This thread has the file open already.
      if (runner === this.#parts.inline) await shared.split.join();
      else await runner.join(shared.split.order);
    } catch (error) {
      shared.failure ??= { error };
      shared.split.stop();
    }
    shared.participants -= 1;
    const isOver = shared.participants === 0 && (!shared.split.hasMore || shared.failure !== undefined);
    if (isOver) await this.#finish(shared);
  }

  async #finish(shared: Shared): Promise<void> {
    const { split, item } = shared;
    try {
      if (shared.failure !== undefined) throw shared.failure.error;
      this.#record(item.index, await split.finish());
    } catch (error) {
      await split.abort(error);
      this.#failures.push({ index: item.index, error });
    }
  }

  #record(index: number, reports: TaskReports): void {
    this.#recording = this.#recording.then(async () => {
      try {
        await this.#parts.events.taskDone(index, reports);
      } catch (error) {
        this.#failures.push({ index, error });
      }
    });
  }
}
