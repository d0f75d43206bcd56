/** `ropeway run config.yml`: one transaction from input to output. */
import { Counters } from '#engine/counters.ts';
import { runJob } from '#engine/transaction.ts';
import type { PlannedRun, RunResult } from '#engine/transaction.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { openJob, writeDiff, writeMerged } from '#cli/config-file.ts';
import type { Installation } from '#cli/installation.ts';
import { ProgressBar } from '#cli/progress-bar.ts';
import { formatBytes, formatCount, formatDuration } from '#cli/quantity.ts';

export interface RunOptions extends SharedOptions {
  readonly configDiff?: string;
  readonly output?: string;
  readonly resumeState?: string;
  readonly strict?: boolean;
}

export function run(configPath: string, options: RunOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const startedAt = performance.now();
    const { catalog, plugins } = await openCatalog(options, installation);
    const opened = await openJob(ctx, configPath, { ...options, catalog });
    const counters = new Counters();
    const result = await runJob(opened.job, {
      catalog,
      log: ctx.log,
      signal: ctx.signal,
      counters,
      workerEntry: installation.workerEntry,
      ...(plugins === undefined ? {} : { plugins }),
      ...(options.resumeState === undefined ? {} : { resumeFile: options.resumeState }),
      keepDiff: async (diff) => {
        if (options.configDiff !== undefined) await writeDiff(options.configDiff, diff);
        if (options.output !== undefined) await writeMerged(options.output, opened.written, diff);
      },
      onPlanned: (plan) => {
        logPlan(ctx, plan);
        ctx.progress = new ProgressBar(ctx.terminal, { counters, sizeBytes: plan.sizeBytes, isJson: ctx.isJson });
      },
    });
    ctx.progress?.stop();
    logResult(ctx, result, performance.now() - startedAt);
  });
}

function logPlan(ctx: CommandContext, plan: PlannedRun): void {
  const { taskCount, tasksDone, outputCount, threads, sizeBytes } = plan;
  ctx.log.info('Planned the run.', {
    tasks: taskCount,
    ...(tasksDone > 0 ? { done_before: tasksDone } : {}),
    outputs: outputCount,
    threads,
    ...(sizeBytes === undefined ? {} : { input: formatBytes(sizeBytes) }),
  });
}

function logResult(ctx: CommandContext, { diff, counts, skips, taskCount }: RunResult, elapsedMs: number): void {
  const { terminal } = ctx;
  if (counts.cellsNulled > 0) {
    ctx.log.warn('Cells became null, because their values could not be used.', { cells: counts.cellsNulled });
  }
  if (counts.recordsSkipped > 0) {
    ctx.log.warn('Records were skipped.', { skipped: counts.recordsSkipped, ...skips });
  }
  if (ctx.isJson) {
    const result = { event: 'result', ...counts, skips, tasks: taskCount, elapsedMs: Math.round(elapsedMs), diff };
    terminal.say(`${JSON.stringify(result)}\n`);
    return;
  }
  const rate = `${formatBytes(counts.bytesRead / Math.max(0.001, elapsedMs / 1000))}/s`;
  ctx.log.info('Committed.', {
    records: formatCount(counts.recordsWritten),
    read: formatBytes(counts.bytesRead),
    time: formatDuration(elapsedMs),
    ...(counts.bytesRead > 0 ? { rate } : {}),
  });
  if (taskCount === 0) ctx.log.warn('There was nothing to read: no input task.');
  ctx.log.info('Next config diff.', { in: diff.in, out: diff.out });
}
