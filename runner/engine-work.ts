/** What the engine does for a work order: a whole transfer, or one of the short looks that a person waits for. */
import type { WorkOrder } from '#api/runner.ts';
import { catalog } from '#connectors/catalog.ts';
import { JobReader } from '#engine/config/job-reader.ts';
import type { Counters } from '#engine/counters.ts';
import { engineErrors } from '#engine/errors.ts';
import type { Job } from '#engine/job.ts';
import type { PlannedRun } from '#engine/transaction.ts';
import type { Logger } from '#spi/context.ts';
import type { JsonObject } from '#spi/json.ts';

export interface WorkParts {
  readonly work: WorkOrder;
  /** The config with its connections in place. */
  readonly config: JsonObject;
  readonly workerEntry: URL;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly counters: Counters;
  readonly planned: (plan: PlannedRun) => void;
  /** False when nothing is to become visible. */
  readonly mayCommit: () => Promise<boolean>;
}

type Result = Readonly<Record<string, unknown>>;

/** Throws the first thing that is wrong; the others are in the log. */
export async function perform(parts: WorkParts): Promise<Result> {
  switch (parts.work.kind) {
    case 'transfer':
      return transfer(parts);
    // The looks load what they need.
    case 'test':
      return (await import('./looks.ts')).test(parts);
    case 'browse':
      return (await import('./looks.ts')).browse(parts);
    case 'guess':
      return (await import('./looks.ts')).guess(parts);
    case 'preview':
      return (await import('./looks.ts')).preview(parts);
    case 'probe':
      throw new Error('probes are the runner’s');
  }
}

async function transfer(parts: WorkParts): Promise<Result> {
  const { work, config, log, signal, counters, workerEntry, planned } = parts;
  const [{ runJob }, job] = await Promise.all([import('#engine/transaction.ts'), transferJob(parts, config)]);
  const result = await runJob(job, {
    catalog,
    log,
    signal,
    counters,
    workerEntry,
    onPlanned: (plan) => {
      const { taskCount, outputCount, threads, sizeBytes } = plan;
      log.info('Planned the run.', { tasks: taskCount, outputs: outputCount, threads, input_bytes: sizeBytes });
      planned(plan);
    },
    // An output that shows its data as it comes has nothing that could be held back.
    ...(work.commit_mode === 'continuous'
      ? {}
      : {
          beforeCommit: async () => {
            if (!(await parts.mayCommit())) throw engineErrors.error('RUN_CANCELLED');
          },
        }),
  });
  const { diff, skips, taskCount, counts } = result;
  if (taskCount === 0) log.warn('There was nothing to read: no input task.');
  if (counts.recordsSkipped > 0) log.warn('Records were skipped.', { skipped: counts.recordsSkipped, ...skips });
  log.info('Committed.', { records: counts.recordsWritten, bytes: counts.bytesRead });
  return { diff, skips, tasks: taskCount, cells_nulled: counts.cellsNulled };
}

async function transferJob({ work, log }: WorkParts, config: JsonObject): Promise<Job> {
  const reader = new JobReader(config, catalog);
  const job = await reader.job();
  tellDiagnostics(reader, log);
  const [error] = reader.errors;
  if (job === undefined) throw error ?? engineErrors.error('INTERNAL', { reason: 'a config without a job' });
  return { ...job, exec: { ...job.exec, transactionTime: new Date(work.transaction_time).toISOString() } };
}

/** All of them: who corrects a config wants to know everything that is wrong with it. */
export function tellDiagnostics(reader: JobReader, log: Logger): void {
  for (const { severity, error } of reader.diagnostics) {
    const { code, where, hint } = error;
    log[severity === 'error' ? 'error' : 'warn'](error.message, { code, path: where.path?.join('.'), hint });
  }
}
