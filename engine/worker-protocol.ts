/** What the engine's threads say to each other. Everything is plain data. */
import type { LogFields, LogLevel } from '#spi/context.ts';
import type { ErrorRecord } from './error-transfer.ts';
import type { TaskItem, WorkOrder } from './executor.ts';
import type { ForeignPlugins } from './plugins/load-plugins.ts';
import type { SkipCounts } from './rejection-log.ts';
import type { SplitOrder } from './split/order.ts';
import type { TaskReports } from './task.ts';

/** Given to a worker thread when it starts. */
export interface WorkerStart {
  readonly order: WorkOrder;
  readonly counters: SharedArrayBuffer;
  /** Plugins that do not come with Ropeway. */
  readonly plugins?: ForeignPlugins;
}

export type ToWorker =
  | { readonly type: 'run'; readonly item: TaskItem }
  | { readonly type: 'join'; readonly order: SplitOrder }
  | { readonly type: 'cancel' };

export type FromWorker =
  /** With the reports of a whole task; without for a share of one. */
  | { readonly type: 'done'; readonly reports: TaskReports | undefined; readonly skips: SkipCounts }
  | { readonly type: 'failed'; readonly error: ErrorRecord; readonly skips: SkipCounts }
  | { readonly type: 'log'; readonly level: LogLevel; readonly sentence: string; readonly fields: LogFields };
