/** The words of executing tasks: what is to be done, who does it, and who is told. */
import type { Json } from '#spi/json.ts';
import type { Schema } from '#spi/schema.ts';
import type { Job } from './job.ts';
import type { SkipCounts } from './rejection-log.ts';
import type { SplitOrder } from './split/order.ts';
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
  /** When the input knows it. */
  readonly sizeBytes?: number | undefined;
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

/** A thread that works: this one, or a worker. One call at a time. */
export interface Runner {
  runTask(item: TaskItem): Promise<TaskReports>;
  /** Takes part in a file that several threads share. */
  join(order: SplitOrder): Promise<void>;
  /** Records skipped so far, by reason. */
  skips(): SkipCounts;
  close(): Promise<void>;
}
