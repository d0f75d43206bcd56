/**
 * A task whose file is read and written in ranges: begins its outputs, tells threads what to do, and ends the outputs
 * when all are through. `joinSplit` is what a thread does.
 */
import { assert } from '#spi/assert.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Json } from '#spi/json.ts';
import type { RangeTarget } from '#spi/ranges.ts';
import type { FilterFaults, Report } from '#spi/records.ts';
import { closeAfter } from '#engine/close-after.ts';
import type { RunTaskContext } from '#engine/run-context.ts';
import type { RangeSink } from '#engine/target.ts';
import type { Pipeline, TaskHooks, TaskReports } from '#engine/task.ts';
import { Chain } from './chain.ts';
import { Claims } from './claims.ts';
import { BLOCK_BYTES, ChunkLayout } from './chunk-layout.ts';
import type { SplitOrder } from './order.ts';
import { Participant } from './participant.ts';
import { openStation, rangeSides } from './station.ts';
import type { RangeSides, Station } from './station.ts';

export interface SplitSettings {
  readonly chunkBytes: number;
  readonly spoilsGuesses: boolean;
}

/** An output of the task, and its file when it has one. */
interface Lane {
  readonly sink: RangeSink;
  readonly target: RangeTarget | undefined;
}

export class SplitTask {
  readonly order: SplitOrder;
  readonly #chain: Chain;
  readonly #claims: Claims;
  readonly #lanes: readonly Lane[];
  readonly #station: Station;
  readonly #hooks: TaskHooks;
  readonly #ctx: RunTaskContext;

  private constructor(
    order: SplitOrder,
    parts: { lanes: readonly Lane[]; station: Station; hooks: TaskHooks; ctx: RunTaskContext },
  ) {
    this.order = order;
    this.#chain = new Chain(order.chain);
    this.#claims = claimsOf(order);
    this.#lanes = parts.lanes;
    this.#station = parts.station;
    this.#hooks = parts.hooks;
    this.#ctx = parts.ctx;
  }

  /**
   * Undefined when the task has to go through in one stream; nothing is left behind then. `threads` will join: so many
   * as are free now, each of them soon.
   */
  static async open(
    pipeline: Pipeline,
    item: { readonly index: number; readonly task: Json },
    { hooks, settings, threads }: { hooks: TaskHooks; settings: SplitSettings; threads: number },
  ): Promise<SplitTask | undefined> {
    const sides = rangeSides(pipeline);
    if (sides === undefined) return undefined;
    const ctx = hooks.contextFor(item.index * pipeline.outputsPerTask);
    const station = await openStation(sides, pipeline, item.task, ctx);
    if (station === undefined) return undefined;
    const lanes: Lane[] = [];
    try {
      const isOpen = await openLanes(lanes, {
        sides,
        pipeline,
        station,
        contextFor: laneContexts(item, pipeline, hooks),
      });
      if (!isOpen) {
        await station.close();
        return undefined;
      }
      const addresses = lanes.map(({ sink }) => sink.address);
      const order: SplitOrder = {
        ...settings,
        index: item.index,
        task: item.task,
        sizeBytes: station.file.sizeBytes,
        laneCount: lanes.length,
        addresses: addresses.every((address) => address !== undefined) ? addresses : null,
        model: await train(station),
        claims: Claims.memory(station.file.rangesAhead === undefined ? 1 : threads),
        chain: Chain.memory(station.parser.start, lanes.length),
      };
      const task = new SplitTask(order, { lanes, station, hooks, ctx });
      await task.#writeHeads();
      return task;
    } catch (error) {
      await giveUp(lanes, error);
      await closeAfter(error, () => station.close());
      throw error;
    }
  }

  /** Whether there is work for a thread that joins now. */
  get hasMore(): boolean {
    return this.#chain.isRunning && this.#claims.hasMore;
  }

  /** Takes part in this thread, with what the task has open already. */
  async join(): Promise<void> {
    const targetOf = (lane: number): RangeTarget => {
      const target = this.#lanes[lane]?.target;
      assert(target, 'an output that is written has a file');
      // The file stays open for the tail.
      return { write: (position, bytes) => target.write(position, bytes), close: async () => {} };
    };
    const parts = { order: this.order, station: this.#station, hooks: this.#hooks, ctx: this.#ctx };
    await work({ ...parts, openTarget: async (lane) => targetOf(lane) });
  }

  /** Lets everybody go who is at work on the file. */
  stop(): void {
    this.#chain.stop();
  }

  /** Ends the outputs. Called when everybody who joined is through. */
  async finish(): Promise<TaskReports> {
    const isRead = this.#chain.isComplete || this.order.sizeBytes === 0;
    assert(isRead, 'the threads of a file have read all of it');
    const { writer } = this.#station;
    for (const [lane, { target }] of this.#lanes.entries()) {
      if (target === undefined) continue;
      await this.#appendText(lane, writer.tailText());
      const { sizeBytes, summary } = this.#chain.lane(lane);
      await target.write(sizeBytes, writer.tail(summary));
      await target.close();
    }
    await this.#station.close();
    const outputs: Report[] = [];
    for (const { sink } of this.#lanes) outputs.push(await sink.close());
    return { input: {}, outputs };
  }

  /** Gives the outputs up; the error is what the task fails with. */
  async abort(error: unknown): Promise<void> {
    this.#chain.stop();
    await giveUp(this.#lanes, error);
    await closeAfter(error, () => this.#station.close());
  }

  async #writeHeads(): Promise<void> {
    const { writer } = this.#station;
    const head = writer.head().slice();
    const text = writer.headText().slice();
    for (const [lane, { target }] of this.#lanes.entries()) {
      await target?.write(0, head);
      this.#chain.setLane(lane, { sizeBytes: head.length, summary: writer.emptySummary });
      if (target !== undefined) await this.#appendText(lane, text);
    }
  }

  /** A piece of its own for what stands before or behind all records. */
  async #appendText(lane: number, text: Uint8Array): Promise<void> {
    if (text.length === 0) return;
    const { writer } = this.#station;
    writer.begin(this.order.model);
    const encoded = new ByteSink(text.length);
    encoded.writeBytes(writer.writeText(text));
    const { bytes, summary } = writer.end();
    encoded.writeBytes(bytes);
    const before = this.#chain.lane(lane);
    await this.#lanes[lane]?.target?.write(before.sizeBytes, encoded.view());
    this.#chain.setLane(lane, {
      sizeBytes: before.sizeBytes + encoded.length,
      summary: writer.combine(before.summary, summary),
    });
  }
}

function laneContexts(
  { index }: { readonly index: number },
  { outputsPerTask }: Pipeline,
  hooks: TaskHooks,
): (lane: number) => RunTaskContext {
  return (lane) => hooks.contextFor(index * outputsPerTask + lane);
}

interface LaneParts {
  readonly sides: RangeSides;
  readonly pipeline: Pipeline;
  readonly station: Station;
  readonly contextFor: (lane: number) => RunTaskContext;
}

/** Begins all outputs of the task; false when one of them can only be written from its beginning. */
async function openLanes(lanes: Lane[], { sides, pipeline, station, contextFor }: LaneParts): Promise<boolean> {
  for (let lane = 0; lane < pipeline.outputsPerTask; lane++) {
    const sink = await sides.target.begin(pipeline.targetPlan, station.filters.schema, contextFor(lane));
    if (sink === undefined) {
      for (const begun of lanes) await begun.sink.abort();
      return false;
    }
    lanes.push({ sink, target: undefined });
    if (sink.address === undefined) continue;
    lanes[lane] = { sink, target: await sides.target.open(sink.address) };
  }
  return true;
}

async function giveUp(lanes: readonly Lane[], error: unknown): Promise<void> {
  for (const { target } of lanes) await closeAfter(error, () => target?.close());
  for (const { sink } of lanes) await closeAfter(error, () => sink.abort());
}

/** A sample is not part of the run: the same faults come again when the file is read. */
const unheard: FilterFaults = { reject() {}, nullCell() {} };

/** What the encoder learns from the first records. A file that cannot be read will tell so when it is read. */
async function train({ file, parser, filters, writer }: Station): Promise<Json> {
  const sample = new ByteSink();
  if (writer.sampleBytes === 0) return writer.train(sample.view());
  try {
    const range = { place: parser.start, to: BLOCK_BYTES };
    for await (const batch of parser.parse(file, range, () => {})) {
      const filtered = await filters.apply(batch, unheard);
      if (filtered !== undefined) sample.writeBytes(writer.text(filtered));
      if (sample.length >= writer.sampleBytes) break;
    }
  } catch {
    // The same error comes again, with its place in the order of things.
  }
  return writer.train(sample.view().subarray(0, writer.sampleBytes));
}

/** Takes part in a file that another thread has begun, until it has no more chunks. */
export async function joinSplit(pipeline: Pipeline, order: SplitOrder, hooks: TaskHooks): Promise<void> {
  const sides = rangeSides(pipeline);
  assert(sides, 'a file is shared by threads whose pipelines work in ranges');
  const ctx = hooks.contextFor(order.index * order.laneCount);
  const station = await openStation(sides, pipeline, order.task, ctx);
  assert(station, 'a file that has been opened in ranges opens again');
  try {
    const openTarget = (lane: number): Promise<RangeTarget> => sides.target.open(order.addresses?.[lane] ?? null);
    await work({ order, station, hooks, ctx, openTarget });
  } catch (error) {
    await closeAfter(error, () => station.close());
    throw error;
  }
  await station.close();
}

function claimsOf(order: SplitOrder): Claims {
  return new Claims(order.claims, new ChunkLayout(order.sizeBytes, order).chunkCount);
}

interface WorkParts {
  readonly order: SplitOrder;
  readonly station: Station;
  readonly hooks: TaskHooks;
  readonly ctx: RunTaskContext;
  readonly openTarget: (lane: number) => Promise<RangeTarget>;
}

async function work({ order, station, hooks, ctx, openTarget }: WorkParts): Promise<void> {
  const participant = new Participant({
    ...station,
    order,
    layout: new ChunkLayout(order.sizeBytes, order),
    chain: new Chain(order.chain),
    nextChunk: claimsOf(order).join(),
    openTarget,
    ctx,
    countRead: (rows) => hooks.countRead(rows),
    countWritten: (rows) => hooks.countWritten(rows),
  });
  await participant.run();
}
