/** Runs tasks one after the other in this thread: for a single task, and for inputs too small to share out. */
import type { Logger } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { Counters } from './counters.ts';
import { engineErrors } from './errors.ts';
import type { ExecutionEvents, Executor, TaskFailure, TaskItem, WorkOrder } from './executor.ts';
import { loadFilters } from './filter-chain.ts';
import { RejectionLog } from './rejection-log.ts';
import { taskContext } from './run-context.ts';
import type { RunContext } from './run-context.ts';
import { openSource } from './source.ts';
import { openTarget } from './target.ts';
import { runTask } from './task.ts';
import type { Pipeline, TaskHooks } from './task.ts';

export interface InlineParts {
  readonly order: WorkOrder;
  readonly catalog: Catalog;
  readonly context: RunContext;
  readonly counters: Counters;
  readonly log: Logger;
}

export function inlineExecutor(parts: InlineParts, events: ExecutionEvents): Executor {
  return {
    async run(items, { keepGoing }) {
      const worker = await taskRunner(parts);
      const failures: TaskFailure[] = [];
      for (const item of items) {
        if (parts.context.signal.aborted) {
          failures.push({ index: item.index, error: engineErrors.error('RUN_CANCELLED') });
          break;
        }
        try {
          await events.taskDone(item.index, await worker.run(item));
        } catch (error) {
          failures.push({ index: item.index, error });
          if (!keepGoing) break;
        }
      }
      events.skipped(worker.rejections.counts());
      return failures;
    },
  };
}

export interface TaskRunner {
  readonly rejections: RejectionLog;
  run(item: TaskItem): ReturnType<typeof runTask>;
}

/** The plugins of a work order, loaded once, ready for any of its tasks. */
export async function taskRunner({ order, catalog, context, counters, log }: InlineParts): Promise<TaskRunner> {
  const { job, inputSchema, targetPlan, outputsPerTask } = order;
  const [source, filters, target] = await Promise.all([
    openSource(job.input, catalog),
    loadFilters(job.filters, catalog),
    openTarget(job.output, catalog),
  ]);
  const pipeline: Pipeline = { source, filters, target, inputSchema, targetPlan, outputsPerTask };
  const rejections = new RejectionLog(log);
  const tally = { counters, rejections, skippedRecordsMax: job.exec.skippedRecordsMax };
  const hooks: TaskHooks = {
    contextFor: (index) => taskContext(context, index, tally),
    countRead: (rows) => counters.add('recordsRead', rows),
    countWritten: (rows) => counters.add('recordsWritten', rows),
  };
  return { rejections, run: (item) => runTask(pipeline, item.task, item.index, hooks) };
}
