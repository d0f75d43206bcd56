/** Runs tasks on a pool of worker threads. Each thread runs whole tasks; only reports cross the threads. */
import { Worker } from 'node:worker_threads';
import type { Logger } from '#spi/context.ts';
import type { Counters } from './counters.ts';
import { errorFromRecord } from './error-transfer.ts';
import { engineErrors } from './errors.ts';
import type { ExecutionEvents, Executor, TaskFailure, TaskItem, WorkOrder } from './executor.ts';
import type { SkipCounts } from './rejection-log.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts';

/** How long cancelled threads may take to give up their outputs before they are ended from outside. */
const CANCEL_GRACE_MS = 700;

export interface ThreadParts {
  readonly order: WorkOrder;
  readonly counters: Counters;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Module that calls `serveTasks` with the catalogue. */
  readonly workerEntry: URL;
  readonly threads: number;
}

export function threadExecutor(parts: ThreadParts, events: ExecutionEvents): Executor {
  return {
    async run(items, { keepGoing }) {
      const execution = new Execution(parts, events, { items, keepGoing });
      return execution.run();
    },
  };
}

class Execution {
  readonly #parts: ThreadParts;
  readonly #events: ExecutionEvents;
  readonly #keepGoing: boolean;
  readonly #waiting: TaskItem[];
  readonly #failures: TaskFailure[] = [];
  /** The latest skip counts of each thread; a thread's counts cover all its tasks. */
  readonly #skips = new Map<Worker, SkipCounts>();
  // Finished tasks are recorded one at a time, in order of finishing.
  #recording: Promise<void> = Promise.resolve();

  constructor(parts: ThreadParts, events: ExecutionEvents, work: { items: readonly TaskItem[]; keepGoing: boolean }) {
    this.#parts = parts;
    this.#events = events;
    this.#keepGoing = work.keepGoing;
    this.#waiting = [...work.items];
  }

  async run(): Promise<readonly TaskFailure[]> {
    const count = Math.min(this.#parts.threads, this.#waiting.length);
    await Promise.all(Array.from({ length: count }, () => this.#serve()));
    await this.#recording;
    for (const counts of this.#skips.values()) this.#events.skipped(counts);
    return this.#failures.sort((a, b) => a.index - b.index);
  }

  /** One thread, from its start until there is nothing more for it. */
  async #serve(): Promise<void> {
    const { order, counters, signal, workerEntry } = this.#parts;
    const start: WorkerStart = { order, counters: counters.memory };
    const worker = new Worker(workerEntry, { workerData: start });
    const cancel = (): void => {
      worker.postMessage({ type: 'cancel' } satisfies ToWorker);
      setTimeout(() => void worker.terminate(), CANCEL_GRACE_MS).unref();
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await this.#converse(worker);
    } finally {
      signal.removeEventListener('abort', cancel);
      await worker.terminate();
    }
  }

  async #converse(worker: Worker): Promise<void> {
    let current: TaskItem | undefined;
    let death: string | undefined;
    await new Promise<void>((resolve) => {
      const next = (): void => {
        current = this.#takeNext();
        if (current === undefined) resolve();
        else worker.postMessage({ type: 'run', item: current } satisfies ToWorker);
      };
      worker.on('message', (message: FromWorker) => {
        this.#receive(worker, message);
        if (message.type !== 'log') next();
      });
      worker.on('error', (error) => {
        death = error instanceof Error ? error.message : String(error);
      });
      worker.on('exit', (code) => {
        death ??= `exit code ${code}`;
        resolve();
      });
    });
    // A thread that dies before its first task takes one with it: otherwise a task could be left to nobody, unnoticed.
    const lost = current ?? (death === undefined ? undefined : this.#waiting.shift());
    if (lost !== undefined) this.#failures.push({ index: lost.index, error: this.#deathError(death) });
  }

  #takeNext(): TaskItem | undefined {
    const isStopped = this.#parts.signal.aborted || (this.#failures.length > 0 && !this.#keepGoing);
    if (!isStopped) return this.#waiting.shift();
    const [first] = this.#waiting;
    if (this.#parts.signal.aborted && first !== undefined && this.#failures.length === 0) {
      this.#failures.push({ index: first.index, error: engineErrors.error('RUN_CANCELLED') });
    }
    return undefined;
  }

  #receive(worker: Worker, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        return;
      case 'log':
        if (message.level !== 'trace') this.#parts.log[message.level](message.sentence, message.fields);
        return;
      case 'failed':
        this.#skips.set(worker, message.skips);
        this.#failures.push({ index: message.index, error: errorFromRecord(message.error) });
        return;
      case 'done':
        this.#skips.set(worker, message.skips);
        this.#record(message);
    }
  }

  #record({ index, reports }: FromWorker & { type: 'done' }): void {
    this.#recording = this.#recording.then(async () => {
      try {
        await this.#events.taskDone(index, reports);
      } catch (error) {
        this.#failures.push({ index, error });
      }
    });
  }

  #deathError(reason = 'unknown'): Error {
    if (this.#parts.signal.aborted) return engineErrors.error('RUN_CANCELLED');
    return engineErrors.error('WORKER_DIED', { reason });
  }
}
