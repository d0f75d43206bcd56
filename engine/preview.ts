/** The first records of a job as the output would get them: input and filters at work, no output. */
import { copyBatch } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import type { Logger } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { Schema } from '#spi/schema.ts';
import { abortable } from './abortable.ts';
import { engineErrors } from './errors.ts';
import { loadFilters, openFilters } from './filter-chain.ts';
import type { FilterChain } from './filter-chain.ts';
import type { Job } from './job.ts';
import { runContext } from './run-context.ts';
import type { RunContext } from './run-context.ts';
import { sampleContext } from './sample.ts';
import { openSource } from './source.ts';
import type { Source, SourcePlan } from './source.ts';

/** Records that are looked at, at most, when filters or errors let none through. */
const RECORDS_READ_MAX = 1_000_000;

export interface Preview {
  readonly schema: Schema;
  /** In memory of their own; together they hold at most the rows asked for. */
  readonly batches: readonly Batch[];
  readonly rowCount: number;
}

export interface PreviewOptions {
  readonly catalog: Catalog;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Reads just as much as the rows need, from as many tasks as it takes. Unlike Embulk it shows exactly the rows asked
 * for, and goes on to the next file when one has no records.
 */
export async function previewJob(
  job: Pick<Job, 'input' | 'filters' | 'exec'>,
  options: PreviewOptions,
): Promise<Preview> {
  const transactionTime = new Date(job.exec.transactionTime);
  const context = runContext({ log: options.log, signal: options.signal, transactionTime, isPreview: true });
  try {
    const source = await openSource(job.input, options.catalog);
    const plan = await source.plan(context);
    if (plan.tasks.length === 0 && job.input.kind === 'file_input') throw engineErrors.error('NO_INPUT_FILES');
    try {
      const filters = openFilters(await loadFilters(job.filters, options.catalog), plan.schema, context);
      try {
        return await collect({ source, plan, filters, context }, job.exec.previewSampleRows);
      } finally {
        await filters.close();
      }
    } finally {
      await source.release(plan.tasks, context);
    }
  } finally {
    await context.close();
  }
}

interface PreviewParts {
  readonly source: Source;
  readonly plan: SourcePlan;
  readonly filters: FilterChain;
  readonly context: RunContext;
}

async function collect({ source, plan, filters, context }: PreviewParts, rows: number): Promise<Preview> {
  const batches: Batch[] = [];
  let rowCount = 0;
  let recordsRead = 0;
  for (const [index, task] of plan.tasks.entries()) {
    const ctx = sampleContext(context, index);
    const pull = abortable(source.read(task, plan.schema, ctx), context.signal);
    try {
      while (rowCount < rows && recordsRead < RECORDS_READ_MAX) {
        const step = await pull.next();
        if (step.done === true) break;
        recordsRead += step.value.rowCount;
        const filtered = await filters.apply(step.value, ctx);
        if (filtered === undefined) continue;
        const kept = copyBatch({ ...filtered, rowCount: Math.min(filtered.rowCount, rows - rowCount) });
        batches.push(kept);
        rowCount += kept.rowCount;
      }
    } finally {
      await pull.close();
    }
    if (rowCount >= rows || recordsRead >= RECORDS_READ_MAX) break;
  }
  if (rowCount === 0) throw engineErrors.error('NO_PREVIEW_RECORDS');
  return { schema: filters.schema, batches, rowCount };
}
