/** Plugins that speak in records: inputs, filters, outputs. */
import type { Batch } from './batch.ts';
import type { Context, Rejection, TaskContext } from './context.ts';
import type { Json, JsonObject } from './json.ts';
import type { Schema } from './schema.ts';

/** What a task tells the transaction: plain JSON, small. */
export type Report = JsonObject;

/** What the next run's config section should contain on top (`-c`): plain JSON. */
export type ConfigDiff = JsonObject;

export interface Input<C, T extends Json = Json> {
  /** Decides the schema and the tasks. A task is plain JSON: it may run in another thread, process or run (resume). */
  plan(config: C, ctx: Context): Promise<{ schema: Schema; tasks: readonly T[] }>;
  /** Reads one task. The generator's return value is the report. */
  read(config: C, task: T, schema: Schema, ctx: TaskContext): AsyncGenerator<Batch, Report>;
  /**
   * Once when no task is read any more, however that came: lets go of what `plan` holds for them (a snapshot, for
   * example). It is called in the process that planned; not for a run that was taken up by another one.
   */
  release?(config: C, tasks: readonly T[], ctx: Context): Promise<void>;
  /** Called once after everything is committed; `reports[i]` belongs to `tasks[i]`. */
  commit?(config: C, tasks: readonly T[], reports: readonly Report[], ctx: Context): Promise<ConfigDiff>;
  /** Guesses missing settings of the section. */
  guess?(config: Partial<C>, ctx: Context): Promise<ConfigDiff>;
}

/** Where a filter tells of what it could not use. Of one call of `apply`: a batch may turn out not to count. */
export interface FilterFaults {
  /** The record is left out of what `apply` gives back. Throws when the run is not to go on after it. */
  reject(rejection: Rejection): void;
  /**
   * The record stays, but a cell of it is null, because its value could not be used. The first ones are described, at
   * once; the others are only counted.
   */
  nullCell(describe: () => Rejection): void;
}

/** What is left of a batch: undefined when that is no row. */
export type Filtered = Batch | undefined;

/** A filter at work on one stream of batches. */
export interface FilterStream {
  readonly schema: Schema;
  /**
   * The changed batch, or undefined when no row is left. Borrowed like every batch. A filter that has to wait for
   * something gives a promise; it is not asked again before that is settled. When the run stops meanwhile, what it
   * resolves to does not count.
   */
  apply(batch: Batch, faults: FilterFaults): Filtered | Promise<Filtered>;
  /** Asked after each batch of a filter that is not row-wise: until the promise resolves, the stream waits. */
  hold?(): Promise<void> | undefined;
  /** Called once after the last batch, also when the stream failed. */
  close?(): void | Promise<void>;
}

export interface Filter<C> {
  /** The result for a row depends on that row alone: parts of an input may be filtered apart. */
  readonly isRowwise?: boolean;
  /** With this config it is not so: results depend on the rows before. */
  needsOrder?(config: C): boolean;
  /** Called for planning as well, so it must be cheap and free of effects until `apply`. */
  open(config: C, input: Schema, ctx: Context): FilterStream;
}

/** Where one task's records go. `close` or `abort` is called once; `abort` also after `close` when the task fails elsewhere. */
export interface Sink {
  /** Takes the batch in; when the promise resolves the batch is no longer needed. */
  write(batch: Batch): Promise<void>;
  /** All records of the task are written. Nothing is visible to readers of the target before the commit. */
  close(): Promise<Report>;
  /** Gives up what was written. */
  abort(): Promise<void>;
}

export interface Output<C, T extends Json = Json> {
  /** Takes nothing of the records but their count: threads need not bring them together. */
  readonly isIndifferent?: boolean;
  /** Once, before any task: temporary tables, target schema. Returns what tasks need, as plain JSON. */
  plan(config: C, schema: Schema, taskCount: number, ctx: Context): Promise<T>;
  open(config: C, plan: T, schema: Schema, ctx: TaskContext): Promise<Sink>;
  /** Once, after all tasks: makes everything visible. Must be safe to repeat after a crash in its middle. */
  commit(config: C, plan: T, reports: readonly Report[], ctx: Context): Promise<ConfigDiff>;
  /** Removes what the run left behind; safe to call twice. `reports` are those of the tasks that finished. */
  cleanup?(config: C, plan: T, reports: readonly Report[], ctx: Context): Promise<void>;
}
