/** Runs tasks on a worker thread, which starts with its first task. Only orders and reports cross the threads. */
import { Worker } from 'node:worker_threads';
import type { Logger } from '#spi/context.ts';
import type { Counters } from './counters.ts';
import { errorFromRecord } from './error-transfer.ts';
import { engineErrors } from './errors.ts';
import type { Runner, TaskItem, WorkOrder } from './executor.ts';
import type { ForeignPlugins } from './plugins/load-plugins.ts';
import type { SkipCounts } from './rejection-log.ts';
import type { SplitOrder } from './split/order.ts';
import type { TaskReports } from './task.ts';
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
  readonly plugins?: ForeignPlugins | undefined;
}

/** The call under way. */
interface Call {
  readonly resolve: (reports: TaskReports | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class ThreadRunner implements Runner {
  readonly #parts: ThreadParts;
  #worker: Worker | undefined;
  #call: Call | undefined;
  /** Why the thread is no more. */
  #death: string | undefined;
  #skips: SkipCounts = {};
  readonly #cancel = (): void => {
    this.#worker?.postMessage({ type: 'cancel' } satisfies ToWorker);
    setTimeout(() => void this.#worker?.terminate(), CANCEL_GRACE_MS).unref();
  };

  constructor(parts: ThreadParts) {
    this.#parts = parts;
    parts.signal.addEventListener('abort', this.#cancel, { once: true });
  }

  async runTask(item: TaskItem): Promise<TaskReports> {
    const reports = await this.#ask({ type: 'run', item });
    if (reports === undefined) throw engineErrors.error('WORKER_DIED', { reason: 'a task without a report' });
    return reports;
  }

  async join(order: SplitOrder): Promise<void> {
    await this.#ask({ type: 'join', order });
  }

  skips(): SkipCounts {
    return this.#skips;
  }

  async close(): Promise<void> {
    this.#parts.signal.removeEventListener('abort', this.#cancel);
    await this.#worker?.terminate();
  }

  #ask(message: ToWorker): Promise<TaskReports | undefined> {
    return new Promise((resolve, reject) => {
      this.#call = { resolve, reject };
      this.#worker ??= this.#start();
      if (this.#death === undefined) this.#worker.postMessage(message);
      else this.#fail();
    });
  }

  #start(): Worker {
    const { order, counters, workerEntry, plugins } = this.#parts;
    const start: WorkerStart = { order, counters: counters.memory, ...(plugins === undefined ? {} : { plugins }) };
    const worker = new Worker(workerEntry, { workerData: start });
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error) => {
      this.#death = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => {
      this.#death ??= `exit code ${code}`;
      this.#fail();
    });
    return worker;
  }

  #receive(message: FromWorker): void {
    if (message.type === 'log') {
      if (message.level !== 'trace') this.#parts.log[message.level](message.sentence, message.fields);
      return;
    }
    this.#skips = message.skips;
    const call = this.#call;
    this.#call = undefined;
    if (message.type === 'done') call?.resolve(message.reports);
    else call?.reject(errorFromRecord(message.error));
  }

  #fail(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.reject(
      this.#parts.signal.aborted
        ? engineErrors.error('RUN_CANCELLED')
        : engineErrors.error('WORKER_DIED', { reason: this.#death ?? 'unknown' }),
    );
  }
}
