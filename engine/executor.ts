/** Runs the tasks of a transaction: in this thread, or spread over worker threads. */
import type { Json } from '#spi/json.ts';
import type { Schema } from '#spi/schema.ts';
import type { Job } from './job.ts';
import type { SkipCounts } from './rejection-log.ts';
import type { TaskReports } from './task.ts';

/** Everything a thread needs to run tasks, as plain JSON. */
export interface WorkOrder {
  readonly job: Job;
  readonly inputSchema: Schema;
  readonly targetPlan: Json;
  readonly outputsPerTask: number;
}

export interface TaskItem {
  readonly index: number;
  readonly task: Json;
}

export interface TaskFailure {
  readonly index: number;
  readonly error: unknown;
}

export interface ExecutionEvents {
  /** Called once per finished task, one call at a time; the task counts as committed when the promise resolves. */
  taskDone(index: number, reports: TaskReports): Promise<void>;
  skipped(counts: SkipCounts): void;
}

export interface Executor {
  /**
   * Runs the items. With `keepGoing` a failed task does not stop the others (they can be kept for a resume); without
   * it nothing new is started after a failure. Returns the failures in order of task index; throws only when the
   * execution as a whole broke.
   */
  run(items: readonly TaskItem[], options: { keepGoing: boolean }): Promise<readonly TaskFailure[]>;
}
