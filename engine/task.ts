/** One task of a run: from its part of the input through the filters to its outputs. */
import type { Json } from '#spi/json.ts';
import type { Report, Sink } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { abortable } from './abortable.ts';
import { closeAfter } from './close-after.ts';
import { openFilters } from './filter-chain.ts';
import type { FilterChain, FilterStage } from './filter-chain.ts';
import type { RunTaskContext } from './run-context.ts';
import type { Source } from './source.ts';
import type { Target } from './target.ts';

/** What all tasks of a run have in common. */
export interface Pipeline {
  readonly source: Source;
  readonly filters: readonly FilterStage[];
  readonly target: Target;
  readonly inputSchema: Schema;
  readonly targetPlan: Json;
  /** Outputs per input task: batches go to them in turn, each with a filter chain of its own. */
  readonly outputsPerTask: number;
}

export interface TaskReports {
  readonly input: Report;
  /** One per output of the task. */
  readonly outputs: readonly Report[];
}

export interface TaskHooks {
  /** A context for output number `index` of the whole run. */
  contextFor(index: number): RunTaskContext;
  countRead(rows: number): void;
  countWritten(rows: number): void;
}

interface Lane {
  readonly filters: FilterChain;
  readonly sink: Sink;
  readonly ctx: RunTaskContext;
}

/** Runs the task to its end: all outputs closed and reported, or all of them aborted and the error thrown. */
export async function runTask(pipeline: Pipeline, task: Json, index: number, hooks: TaskHooks): Promise<TaskReports> {
  const lanes: Lane[] = [];
  const closed = new Set<Lane>();
  try {
    for (let lane = 0; lane < pipeline.outputsPerTask; lane++) {
      lanes.push(await openLane(pipeline, hooks.contextFor(index * pipeline.outputsPerTask + lane)));
    }
    const input = await pump(pipeline, task, lanes, { index, hooks });
    const outputs: Report[] = [];
    for (const lane of lanes) {
      await lane.filters.close();
      closed.add(lane);
      outputs.push(await lane.sink.close());
    }
    return { input, outputs };
  } catch (error) {
    await abortLanes(lanes, closed, error);
    throw error;
  }
}

async function openLane(pipeline: Pipeline, ctx: RunTaskContext): Promise<Lane> {
  const filters = openFilters(pipeline.filters, pipeline.inputSchema, ctx);
  return { filters, sink: await pipeline.target.open(pipeline.targetPlan, filters.schema, ctx), ctx };
}

async function pump(
  pipeline: Pipeline,
  task: Json,
  lanes: readonly Lane[],
  { index, hooks }: { index: number; hooks: TaskHooks },
): Promise<Report> {
  const ctx = hooks.contextFor(index);
  const batches = abortable(pipeline.source.read(task, pipeline.inputSchema, ctx), ctx.signal);
  try {
    for (let turn = 0; ; turn++) {
      const step = await batches.next();
      if (step.done === true) return step.value;
      hooks.countRead(step.value.rowCount);
      // The executor makes at least one lane per task.
      const lane = lanes[turn % lanes.length] as Lane;
      const filtered = await lane.filters.apply(step.value, lane.ctx);
      if (filtered !== undefined) {
        await lane.sink.write(filtered);
        hooks.countWritten(filtered.rowCount);
      }
      const hold = lane.filters.hold();
      if (hold !== undefined) await hold;
    }
  } finally {
    await batches.close();
  }
}

async function abortLanes(lanes: readonly Lane[], closed: ReadonlySet<Lane>, error: unknown): Promise<void> {
  for (const lane of lanes) {
    if (!closed.has(lane)) await closeAfter(error, () => lane.filters.close());
    await closeAfter(error, () => lane.sink.abort());
  }
}
