/**
 * A task whose file several threads share: who begins its outputs, tells the threads what to do, and ends the outputs
 * when all are through. `joinSplit` is the thread's side.
 */
import { ByteSink } from '#spi/byte-sink.ts';
import type { Json } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import type { RangeFile, RangeParser, RangeTarget } from '#spi/ranges.ts';
import { assert } from '#spi/assert.ts';
import { openFilters } from '#engine/filter-chain.ts';
import type { FilterChain } from '#engine/filter-chain.ts';
import type { Pipeline, TaskHooks, TaskReports } from '#engine/task.ts';
import type { RangeSink, TargetRanges } from '#engine/target.ts';
import type { SourceRanges } from '#engine/source.ts';
import { Chain } from './chain.ts';
import { BLOCK_BYTES, ChunkLayout } from './chunk-layout.ts';
import type { SplitOrder } from './order.ts';
import { Participant } from './participant.ts';
import type { PieceWriter } from './piece-writer.ts';

export interface SplitSettings {
  readonly chunkBytes: number;
  readonly spoilsGuesses: boolean;
}

/** The sides of a pipeline that work in ranges. */
interface Sides {
  readonly source: SourceRanges;
  readonly target: TargetRanges;
}

function sidesOf({ source, filters, target }: Pipeline): Sides | undefined {
  const isRowwise = filters.every(({ plugin }) => plugin.isRowwise === true);
  if (!isRowwise || source.ranges === undefined || target.ranges === undefined) return undefined;
  return { source: source.ranges, target: target.ranges };
}

export class SplitTask {
  readonly order: SplitOrder;
  readonly #chain: Chain;
  readonly #layout: ChunkLayout;
  readonly #sinks: readonly RangeSink[];
  readonly #targets: readonly (RangeTarget | undefined)[];
  readonly #writer: PieceWriter;

  private constructor(
    order: SplitOrder,
    outputs: { sinks: readonly RangeSink[]; targets: readonly (RangeTarget | undefined)[]; writer: PieceWriter },
  ) {
    this.order = order;
    this.#chain = new Chain(order.chain);
    this.#layout = new ChunkLayout(order.sizeBytes, order);
    this.#sinks = outputs.sinks;
    this.#targets = outputs.targets;
    this.#writer = outputs.writer;
  }

  /** Undefined when the task has to go through in one stream; nothing is left behind then. */
  static async open(
    pipeline: Pipeline,
    item: { readonly index: number; readonly task: Json },
    { hooks, settings }: { hooks: TaskHooks; settings: SplitSettings },
  ): Promise<SplitTask | undefined> {
    const sides = sidesOf(pipeline);
    if (sides === undefined) return undefined;
    const { outputsPerTask: laneCount, targetPlan, filters, inputSchema } = pipeline;
    const ctx = hooks.contextFor(item.index * laneCount);
    const file = await sides.source.open(item.task, ctx);
    if (file === undefined) return undefined;
    await using stack = new AsyncDisposableStack();
    stack.defer(() => file.close());
    const parser = sides.source.parser();
    if (parser === undefined) return undefined;
    stack.defer(() => parser.close());
    const chain = openFilters(filters, inputSchema, ctx);
    stack.defer(() => chain.close());
    const sinks: RangeSink[] = [];
    const targets: (RangeTarget | undefined)[] = [];
    try {
      for (let lane = 0; lane < laneCount; lane++) {
        const laneCtx = hooks.contextFor(item.index * laneCount + lane);
        const sink = await sides.target.begin(targetPlan, chain.schema, laneCtx);
        if (sink === undefined) {
          for (const begun of sinks) await begun.abort();
          return undefined;
        }
        sinks.push(sink);
        targets.push(sink.address === undefined ? undefined : await sides.target.open(sink.address));
      }
      const writer = sides.target.writer(chain.schema);
      const model = await train(writer, { file, parser, filters: chain });
      const addresses = sinks.map(({ address }) => address);
      const order: SplitOrder = {
        ...settings,
        index: item.index,
        task: item.task,
        sizeBytes: file.sizeBytes,
        laneCount,
        addresses: addresses.every((address) => address !== undefined) ? addresses : null,
        model,
        chain: Chain.memory(parser.start, laneCount),
      };
      const task = new SplitTask(order, { sinks, targets, writer });
      await task.#writeHeads();
      return task;
    } catch (error) {
      for (const target of targets) await target?.close();
      for (const sink of sinks) await sink.abort();
      throw error;
    }
  }

  /** Chunks that nobody has taken. */
  get hasMore(): boolean {
    return this.#chain.hasMore(this.#layout.chunkCount);
  }

  /** Lets everybody go who is at work on the file. */
  stop(): void {
    this.#chain.stop();
  }

  /** Ends the outputs. Called when everybody who joined is through. */
  async finish(): Promise<TaskReports> {
    const isRead = this.#chain.isComplete || this.order.sizeBytes === 0;
    assert(isRead, 'the threads of a file have read all of it');
    for (const [lane, target] of this.#targets.entries()) {
      if (target === undefined) continue;
      await this.#appendText(lane, this.#writer.tailText());
      const { sizeBytes, summary } = this.#chain.lane(lane);
      await target.write(sizeBytes, this.#writer.tail(summary));
      await target.close();
    }
    const outputs: Report[] = [];
    for (const sink of this.#sinks) outputs.push(await sink.close());
    return { input: {}, outputs };
  }

  /** Gives the outputs up; the error is what the task fails with. */
  async abort(error: unknown): Promise<void> {
    this.#chain.stop();
    for (const target of this.#targets) await attached(error, async () => target?.close());
    for (const sink of this.#sinks) await attached(error, () => sink.abort());
  }

  async #writeHeads(): Promise<void> {
    const head = this.#writer.head().slice();
    const text = this.#writer.headText().slice();
    for (const [lane, target] of this.#targets.entries()) {
      await target?.write(0, head);
      this.#chain.setLane(lane, { sizeBytes: head.length, summary: this.#writer.emptySummary });
      if (target !== undefined) await this.#appendText(lane, text);
    }
  }

  /** A piece of its own for what stands before or behind all records. */
  async #appendText(lane: number, text: Uint8Array): Promise<void> {
    if (text.length === 0) return;
    const writer = this.#writer;
    writer.begin(this.order.model);
    const encoded = new ByteSink(text.length);
    encoded.writeBytes(writer.writeText(text));
    const { bytes, summary } = writer.end();
    encoded.writeBytes(bytes);
    const before = this.#chain.lane(lane);
    await this.#targets[lane]?.write(before.sizeBytes, encoded.view());
    this.#chain.setLane(lane, {
      sizeBytes: before.sizeBytes + encoded.length,
      summary: writer.combine(before.summary, summary),
    });
  }
}

interface Sampled {
  readonly file: RangeFile;
  readonly parser: RangeParser;
  readonly filters: FilterChain;
}

/** What the encoder learns from the first records. A file that cannot be read will tell so when it is read. */
async function train(writer: PieceWriter, { file, parser, filters }: Sampled): Promise<Json> {
  const sample = new ByteSink();
  if (writer.sampleBytes === 0) return writer.train(sample.view());
  try {
    const range = { place: parser.start, to: BLOCK_BYTES };
    for await (const batch of parser.parse(file, range, () => {})) {
      const filtered = filters.apply(batch);
      if (filtered !== undefined) sample.writeBytes(writer.text(filtered));
      if (sample.length >= writer.sampleBytes) break;
    }
  } catch {
    // The same error comes again, with its place in the order of things.
  }
  return writer.train(sample.view().subarray(0, writer.sampleBytes));
}

/** Takes part in a file until it has no more chunks. */
export async function joinSplit(pipeline: Pipeline, order: SplitOrder, hooks: TaskHooks): Promise<void> {
  const sides = sidesOf(pipeline);
  assert(sides, 'a file is shared by threads whose pipelines work in ranges');
  const ctx = hooks.contextFor(order.index * order.laneCount);
  await using stack = new AsyncDisposableStack();
  const chain = new Chain(order.chain);
  const file = await sides.source.open(order.task, ctx);
  assert(file, 'a file that has been opened in ranges opens again');
  stack.defer(() => file.close());
  const parser = sides.source.parser();
  assert(parser, 'the settings allow ranges');
  stack.defer(() => parser.close());
  const filters = openFilters(pipeline.filters, pipeline.inputSchema, ctx);
  stack.defer(() => filters.close());
  const participant = new Participant({
    order,
    layout: new ChunkLayout(order.sizeBytes, order),
    chain,
    file,
    parser,
    filters,
    writer: sides.target.writer(filters.schema),
    openTarget: (lane) => sides.target.open(order.addresses?.[lane] ?? null),
    ctx,
    countRead: (rows) => hooks.countRead(rows),
    countWritten: (rows) => hooks.countWritten(rows),
  });
  await participant.run();
}

async function attached(error: unknown, call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (second) {
    if (error instanceof Error && error.cause === undefined) error.cause = second;
  }
}
