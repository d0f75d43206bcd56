/**
 * A whole run, in Embulk's order: plan in → plan filters → plan out → run tasks → commit out → commit in → clean up.
 *
 * What is visible when: nothing before `commit out`. A failure before it leaves the target as it was (an output that
 * works in place by the user's choice excepted). With a resume state, finished tasks outlive a failure of later
 * stages, and the next run with the same state takes up after them.
 */
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { ConfigDiff, Report } from '#spi/records.ts';
import { Counters } from './counters.ts';
import type { Counts } from './counters.ts';
import { engineErrors } from './errors.ts';
import { Execution } from './execution.ts';
import type { ExecutionEvents, TaskFailure, TaskItem } from './executor.ts';
import { loadFilters, openFilters } from './filter-chain.ts';
import { inlineRunner } from './inline-runner.ts';
import type { Job } from './job.ts';
import type { SkipCounts } from './rejection-log.ts';
import { beginResumeJournal, deleteResumeState, readResumeState } from './resume-state.ts';
import type { ResumeJournal, TransactionPlan } from './resume-state.ts';
import type { ForeignPlugins } from './plugins/load-plugins.ts';
import { runContext } from './run-context.ts';
import type { RunContext } from './run-context.ts';
import { keepHeapSmall } from './small-heap.ts';
import { openSource } from './source.ts';
import type { Source, SourcePlan } from './source.ts';
import { openTarget } from './target.ts';
import type { Target } from './target.ts';
import type { TaskReports } from './task.ts';
import { ThreadRunner } from './thread-runner.ts';

/** Inputs below this size are read by one thread: starting another costs more than it brings. */
const THREADS_FROM_BYTES = 8 * 1024 * 1024;

export interface RunOptions {
  readonly catalog: Catalog;
  readonly log: Logger;
  /** Aborts to stop the run. */
  readonly signal: AbortSignal;
  /** Module for worker threads (it calls `serveTasks`); without it everything runs in this thread. */
  readonly workerEntry?: URL;
  /** The plugins of the catalogue that do not come with Ropeway: worker threads load them again. */
  readonly plugins?: ForeignPlugins;
  /** File of the resume state (`-r`). */
  readonly resumeFile?: string;
  /** Keeps the diff for the next run (`-c`); called when everything is committed, before the resume state goes. */
  readonly keepDiff?: (diff: RunDiff) => Promise<void>;
  readonly onPlanned?: (plan: PlannedRun) => void;
  /** Called when all tasks are done and before anything becomes visible; what it throws ends the run there. */
  readonly beforeCommit?: () => Promise<void>;
  readonly counters?: Counters;
}

/** What the next run's config should say on top of this one's. */
export interface RunDiff {
  readonly in: ConfigDiff;
  readonly out: ConfigDiff;
}

/** What is known when the tasks start. */
export interface PlannedRun {
  readonly taskCount: number;
  readonly tasksDone: number;
  readonly outputCount: number;
  readonly threads: number;
  readonly sizeBytes: number | undefined;
}

export interface RunResult {
  readonly diff: RunDiff;
  readonly counts: Counts;
  readonly skips: SkipCounts;
  readonly taskCount: number;
}

/** Runs the job to its end. Throws the first failure; then nothing has been committed. */
export async function runJob(job: Job, options: RunOptions): Promise<RunResult> {
  keepHeapSmall();
  const counters = options.counters ?? new Counters();
  const resumed = options.resumeFile === undefined ? undefined : await readResumeState(options.resumeFile, job);
  const transactionTime = resumed?.plan.transactionTime ?? job.exec.transactionTime;
  const timedJob: Job = { ...job, exec: { ...job.exec, transactionTime } };
  const context = runContext({
    log: options.log,
    signal: options.signal,
    transactionTime: new Date(transactionTime),
  });
  try {
    const [source, target] = await Promise.all([
      openSource(job.input, options.catalog),
      openTarget(job.output, options.catalog),
    ]);
    const transaction = new Transaction({ job: timedJob, options, context, counters, source, target });
    return await transaction.run(resumed?.done, resumed?.plan);
  } finally {
    await context.close();
  }
}

interface Parts {
  readonly job: Job;
  readonly options: RunOptions;
  readonly context: RunContext;
  readonly counters: Counters;
  readonly source: Source;
  readonly target: Target;
}

/** A plan, and what is known of its sizes. */
interface Planned {
  readonly plan: TransactionPlan;
  readonly sizeBytes?: number | undefined;
  readonly taskBytes?: readonly number[] | undefined;
}

class Transaction {
  readonly #parts: Parts;
  readonly #done = new Map<number, TaskReports>();
  readonly #skips: Record<string, number> = {};

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(done: ReadonlyMap<number, TaskReports> = new Map(), resumedPlan?: TransactionPlan): Promise<RunResult> {
    for (const [index, reports] of done) this.#done.set(index, reports);
    if (resumedPlan !== undefined) await this.#runTasks({ plan: resumedPlan });
    const plan = resumedPlan ?? (await this.#runPlanned());
    const diff = await this.#commit(plan);
    return { diff, counts: this.#parts.counters.read(), skips: this.#skips, taskCount: plan.tasks.length };
  }

  /** Plans, and runs the tasks; whatever becomes of them, the input lets go of what it held for them. */
  async #runPlanned(): Promise<TransactionPlan> {
    const { context, source } = this.#parts;
    const sourcePlan = await source.plan(context);
    try {
      const planned = await this.#plan(sourcePlan);
      await this.#runTasks(planned);
      return planned.plan;
    } finally {
      await source.release(sourcePlan.tasks, context);
    }
  }

  /** Filters, out. A failure here has changed nothing. */
  async #plan({ schema: inputSchema, tasks, sizeBytes, taskBytes }: SourcePlan): Promise<Planned> {
    const { job, options, context, target } = this.#parts;
    this.#stopIfAborted();
    const filters = openFilters(await loadFilters(job.filters, options.catalog), inputSchema, context);
    await filters.close();
    const outputsPerTask = outputsFor(tasks.length, job.exec.minOutputTasks);
    const targetPlan = await target.plan(filters.schema, tasks.length * outputsPerTask, context);
    const { transactionTime } = job.exec;
    const outputSchema = filters.schema;
    const plan = { transactionTime, inputSchema, outputSchema, tasks, targetPlan, outputsPerTask };
    return { plan, sizeBytes, taskBytes };
  }

  async #runTasks(planned: Planned): Promise<void> {
    const { plan } = planned;
    const { job, options } = this.#parts;
    const { resumeFile } = options;
    let journal: ResumeJournal | undefined;
    try {
      if (resumeFile !== undefined) {
        journal = await beginResumeJournal(resumeFile, job, { plan, done: this.#done }).catch((error: Error) => {
          const params = { file: resumeFile, reason: error.message };
          throw engineErrors.error('STATE_FILE_UNWRITABLE', params, { cause: error });
        });
      }
      const failures = await this.#execute(planned, journal);
      const [first] = failures;
      if (first !== undefined) throw first.error;
    } catch (error) {
      if (journal === undefined) await this.#cleanUp(plan);
      throw journal === undefined ? error : this.#resumable(error, plan);
    } finally {
      await journal?.close();
    }
  }

  async #execute(
    { plan, sizeBytes, taskBytes }: Planned,
    journal: ResumeJournal | undefined,
  ): Promise<readonly TaskFailure[]> {
    const { options, counters } = this.#parts;
    const items = plan.tasks.flatMap((task, index): TaskItem[] =>
      this.#done.has(index) ? [] : [{ index, task, sizeBytes: taskBytes?.[index] }],
    );
    const threads = this.#threads(sizeBytes);
    counters.add('tasksDone', this.#done.size);
    options.onPlanned?.({
      taskCount: plan.tasks.length,
      tasksDone: this.#done.size,
      outputCount: plan.tasks.length * plan.outputsPerTask,
      threads,
      sizeBytes,
    });
    const events: ExecutionEvents = {
      taskDone: async (index, reports) => {
        await journal?.taskDone(index, reports);
        this.#done.set(index, reports);
        counters.add('tasksDone', 1);
      },
      skipped: (counts) => {
        for (const [code, count] of Object.entries(counts)) this.#skips[code] = (this.#skips[code] ?? 0) + count;
      },
    };
    const { job, context } = this.#parts;
    const { inputSchema, targetPlan, outputsPerTask } = plan;
    const order = { job, inputSchema, targetPlan, outputsPerTask };
    const { catalog, log, signal, workerEntry, plugins } = options;
    const inline = await inlineRunner({ order, catalog, context, counters, log });
    const others =
      workerEntry === undefined
        ? []
        : Array.from(
            { length: threads - 1 },
            () => new ThreadRunner({ order, counters, log, signal, workerEntry, plugins }),
          );
    return new Execution({ inline, others, events, signal, keepGoing: journal !== undefined }, items).run();
  }

  /** Threads that may work; each starts with the first work there is for it. */
  #threads(sizeBytes: number | undefined): number {
    if (sizeBytes !== undefined && sizeBytes < THREADS_FROM_BYTES) return 1;
    return Math.max(1, this.#parts.job.exec.maxThreads);
  }

  async #commit(plan: TransactionPlan): Promise<RunDiff> {
    const isResumable = this.#parts.options.resumeFile !== undefined;
    try {
      const diff = await this.#commitAll(plan);
      await this.#cleanUp(plan);
      return diff;
    } catch (error) {
      if (!isResumable) await this.#cleanUp(plan);
      throw isResumable ? this.#resumable(error, plan) : error;
    }
  }

  /** Commit out, then in, then keep the diff: each is safe to repeat when the one after it fails. */
  async #commitAll(plan: TransactionPlan): Promise<RunDiff> {
    const { options, context, source, target } = this.#parts;
    const reports = [...this.#done].sort(([a], [b]) => a - b).map(([, report]) => report);
    await options.beforeCommit?.();
    const out = await target.commit(plan.targetPlan, outputReports(reports), context);
    const inputReports = reports.map((report) => report.input);
    const diff: RunDiff = { in: await source.commit(plan.tasks, inputReports, context), out };
    await options.keepDiff?.(diff);
    if (options.resumeFile !== undefined) await deleteResumeState(options.resumeFile);
    return diff;
  }

  /** After the commit there is nothing to lose: a failure here is told, not thrown. */
  async #cleanUp(plan: TransactionPlan): Promise<void> {
    const { options, context, target } = this.#parts;
    try {
      await target.cleanup(plan.targetPlan, outputReports([...this.#done.values()]), context);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.log.warn('Cleaning up after the run failed.', { reason });
    }
  }

  /** What the user hears when the run can be taken up again. */
  #resumable(error: unknown, plan: TransactionPlan): unknown {
    const { log, resumeFile = '' } = this.#parts.options;
    const progress = { state: resumeFile, done: this.#done.size, total: plan.tasks.length };
    if (isRopewayError(error) && error.code === 'RUN_CANCELLED') {
      return engineErrors.error('RUN_CANCELLED_RESUMABLE', progress, { cause: error });
    }
    log.warn('Finished tasks are kept: run the same command again to do the rest.', progress);
    return error;
  }

  #stopIfAborted(): void {
    if (this.#parts.context.signal.aborted) throw engineErrors.error('RUN_CANCELLED');
  }
}

/** Embulk's rule: an input of few tasks is spread over at least `minOutputTasks` outputs. */
function outputsFor(taskCount: number, minOutputTasks: number): number {
  return taskCount > 0 && taskCount < minOutputTasks ? Math.ceil(minOutputTasks / taskCount) : 1;
}

function outputReports(reports: readonly TaskReports[]): readonly Report[] {
  return reports.flatMap((report) => report.outputs);
}
