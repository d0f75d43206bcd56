/**
 * What a runner and its engine's process say to each other, over a channel between the two alone: the work holds
 * secrets, which lie in memory and nowhere else.
 */
import type { FailureReport, ProgressCounters, WorkOrder } from '#api/runner.ts';

export interface EngineOrder {
  readonly work: WorkOrder;
  /** The secret options of each connection, by handle and dotted path. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Module for worker threads. */
  readonly workerEntry: string;
}

export type ToEngine =
  | { readonly type: 'order'; readonly order: EngineOrder }
  | { readonly type: 'stop' }
  | { readonly type: 'permit'; readonly isGranted: boolean }
  /** The values are where further attempts find them. */
  | { readonly type: 'kept' };

export type FromEngine =
  | { readonly type: 'counters'; readonly counters: EngineCounters }
  /** What the queries of variables have given, by key. Nothing else has begun. */
  | { readonly type: 'values'; readonly values: Readonly<Record<string, string>> }
  /** Everything is done, and nothing is visible yet. */
  | { readonly type: 'commit' }
  | { readonly type: 'done'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly type: 'failed'; readonly failure: FailureReport; readonly isCancel: boolean };

/** What the engine knows of its progress. */
export type EngineCounters = Pick<
  ProgressCounters,
  'records_read' | 'records_written' | 'records_rejected' | 'bytes_read'
> &
  Partial<Pick<ProgressCounters, 'bytes_total' | 'tasks_done' | 'tasks_total'>>;

/** Begins a line of the engine's own log; everything else that its process prints is somebody's output. */
export const LOG_MARK = '\u001e';
