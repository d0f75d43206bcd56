/** The contexts that plugins get: one per run and thread, one per task. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context, Logger, Rejection, TaskContext } from '#spi/context.ts';
import type { FilterFaults } from '#spi/records.ts';
import type { Counters } from './counters.ts';
import { engineErrors } from './errors.ts';
import type { RejectionLog } from './rejection-log.ts';

export interface RunContext extends Context {
  /** Removes the temporary folder, if there is one. */
  close(): Promise<void>;
}

export interface RunContextOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly transactionTime: Date;
  readonly isPreview?: boolean;
}

export function runContext(options: RunContextOptions): RunContext {
  let folder: Promise<string> | undefined;
  return {
    log: options.log,
    signal: options.signal,
    transactionTime: options.transactionTime,
    isPreview: options.isPreview ?? false,
    tempDir() {
      folder ??= mkdtemp(join(tmpdir(), 'ropeway-'));
      return folder;
    },
    async close() {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}

export interface TaskTally {
  readonly counters: Counters;
  readonly rejections: RejectionLog;
  /** The run fails when more records than these are skipped. */
  readonly skippedRecordsMax: number;
}

/** The context of a task, which takes what filters tell as well. */
export interface RunTaskContext extends TaskContext, FilterFaults {
  /** More cells that became null, beyond those that are described. */
  countNullCells(count: number): void;
}

export function taskContext(run: Context, taskIndex: number, tally: TaskTally): RunTaskContext {
  const { counters, rejections, skippedRecordsMax } = tally;
  return {
    ...run,
    taskIndex,
    progress(bytes) {
      counters.add('bytesRead', bytes);
    },
    reject(rejection: Rejection) {
      const total = counters.add('recordsSkipped', 1);
      rejections.add(rejection, total);
      if (total > skippedRecordsMax) throw engineErrors.error('SKIPPED_RECORDS_LIMIT', { limit: skippedRecordsMax });
    },
    nullCell(describe) {
      rejections.addNullCell(describe, counters.add('cellsNulled', 1));
    },
    countNullCells(count) {
      counters.add('cellsNulled', count);
    },
  };
}
