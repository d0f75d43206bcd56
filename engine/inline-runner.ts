/** Runs tasks in the thread that calls: the main one, or a worker. */
import type { Logger } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import { useKernels } from '#codec/wasm/kernel-switch.ts';
import type { Counters } from './counters.ts';
import type { Runner, TaskItem, WorkOrder } from './executor.ts';
import { loadFilters } from './filter-chain.ts';
import { RejectionLog } from './rejection-log.ts';
import { taskContext } from './run-context.ts';
import type { RunContext } from './run-context.ts';
import { openSource } from './source.ts';
import { joinSplit, SplitTask } from './split/split-task.ts';
import type { SplitSettings } from './split/split-task.ts';
import { openTarget } from './target.ts';
import { runTask } from './task.ts';
import type { Pipeline, TaskHooks, TaskReports } from './task.ts';

export interface InlineParts {
  readonly order: WorkOrder;
  readonly catalog: Catalog;
  readonly context: RunContext;
  readonly counters: Counters;
  readonly log: Logger;
}

export interface InlineRunner extends Runner {
  /** Begins a task that so many threads are to share; undefined when it cannot be shared. */
  openSplit(item: TaskItem, threads: number): Promise<SplitTask | undefined>;
}

/** The plugins of a work order, loaded once, ready for any of its tasks. */
export async function inlineRunner({ order, catalog, context, counters, log }: InlineParts): Promise<InlineRunner> {
  const { job, inputSchema, targetPlan, outputsPerTask } = order;
  useKernels(job.exec.kernelUse);
  const [source, filters, target] = await Promise.all([
    openSource(job.input, catalog),
    loadFilters(job.filters, catalog),
    openTarget(job.output, catalog, (bytes) => counters.add('bytesWritten', bytes)),
  ]);
  const pipeline: Pipeline = { source, filters, target, inputSchema, targetPlan, outputsPerTask };
  const rejections = new RejectionLog(log);
  const tally = { counters, rejections, skippedRecordsMax: job.exec.skippedRecordsMax };
  const hooks: TaskHooks = {
    contextFor: (index) => taskContext(context, index, tally),
    countRead: (rows) => counters.add('recordsRead', rows),
    countWritten: (rows) => counters.add('recordsWritten', rows),
  };
  const settings: SplitSettings = { chunkBytes: job.exec.chunkBytes, spoilsGuesses: job.exec.spoilsGuesses };
  const openSplit = (item: TaskItem, threads: number): Promise<SplitTask | undefined> =>
    SplitTask.open(pipeline, item, { hooks, settings, threads });
  return {
    openSplit,
    async runTask(item) {
      const split = await openSplit(item, 1);
      return split === undefined ? runTask(pipeline, item.task, item.index, hooks) : runAlone(split);
    },
    join: (splitOrder) => joinSplit(pipeline, splitOrder, hooks),
    skips: () => rejections.counts(),
    close: async () => {},
  };
}

async function runAlone(split: SplitTask): Promise<TaskReports> {
  try {
    if (split.hasMore) await split.join();
    return await split.finish();
  } catch (error) {
    await split.abort(error);
    throw error;
  }
}
