/** The output side of a job as one thing: a record output, or files with their formatter and encoders. */
import { assert } from '#spi/assert.ts';
import type { Batch } from '#spi/batch.ts';
import type { Context, TaskContext } from '#spi/context.ts';
import type { Bytes, FileSink, FormatWriter, PieceEncoder } from '#spi/files.ts';
import type { Json } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { RangeTarget } from '#spi/ranges.ts';
import type { ConfigDiff, Report, Sink } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { ByteChannel } from './byte-channel.ts';
import type { FilesOutput, Job, RecordOutput, Section } from './job.ts';
import { inSection, inSectionSync, iterateInSection, loadSection } from './section.ts';
import type { Loaded } from './section.ts';
import { PieceWriter } from './split/piece-writer.ts';

/** An output with its settings. */
export interface Target {
  plan(schema: Schema, taskCount: number, ctx: Context): Promise<Json>;
  open(plan: Json, schema: Schema, ctx: TaskContext): Promise<Sink>;
  commit(plan: Json, reports: readonly Report[], ctx: Context): Promise<ConfigDiff>;
  cleanup(plan: Json, reports: readonly Report[], ctx: Context): Promise<void>;
  /** Present when several threads may write one output. */
  readonly ranges?: TargetRanges | undefined;
}

export interface TargetRanges {
  /** Begins an output of a task; undefined when this one can only be written from its beginning. */
  begin(plan: Json, schema: Schema, ctx: TaskContext): Promise<RangeSink | undefined>;
  /** Opens what a sink has begun, from any thread. */
  open(address: Json): Promise<RangeTarget>;
  writer(schema: Schema): PieceWriter;
}

/** An output that is written in ranges. */
export interface RangeSink {
  /** Undefined when nothing is written at all. */
  readonly address: Json | undefined;
  close(): Promise<Report>;
  abort(): Promise<void>;
}

/** `wrote` is told the bytes of files, as they are stored. */
export async function openTarget(
  output: Job['output'],
  catalog: Catalog,
  wrote: (bytes: number) => void = () => {},
): Promise<Target> {
  return output.kind === 'output' ? recordTarget(output, catalog) : filesTarget(output, catalog, wrote);
}

async function recordTarget(section: RecordOutput, catalog: Catalog): Promise<Target> {
  const plugin = await loadSection(section, catalog);
  const { config } = section;
  return {
    plan: (schema, taskCount, ctx) => inSection(section, () => plugin.plan(config, schema, taskCount, ctx)),
    open: async (plan, schema, ctx) =>
      sinkInSection(section, await inSection(section, () => plugin.open(config, plan, schema, ctx))),
    commit: (plan, reports, ctx) => inSection(section, () => plugin.commit(config, plan, reports, ctx)),
    cleanup: (plan, reports, ctx) =>
      inSection(section, async () => {
        await plugin.cleanup?.(config, plan, reports, ctx);
      }),
    ranges: plugin.isIndifferent === true ? indifferentRanges(section, plugin) : undefined,
  };
}

const nothing = new Uint8Array(0);
const noBytes: FormatWriter = { begin: () => nothing, write: () => nothing, end: () => nothing };

function indifferentRanges(section: RecordOutput, plugin: Loaded<'output'>): TargetRanges {
  return {
    async begin(plan, schema, ctx) {
      const sink = await inSection(section, () => plugin.open(section.config, plan, schema, ctx));
      return { ...sinkInSection(section, sink), address: undefined };
    },
    open: () => Promise.reject(new Error('Nothing is written to an indifferent output.')),
    writer: () => new PieceWriter(noBytes),
  };
}

function sinkInSection(section: Section, sink: Sink): Sink {
  return {
    write: (batch) => inSection(section, () => sink.write(batch)),
    close: () => inSection(section, () => sink.close()),
    abort: () => inSection(section, () => sink.abort()),
  };
}

interface EncoderStage {
  readonly section: Section<'encoder'>;
  readonly plugin: Loaded<'encoder'>;
}

async function filesTarget(section: FilesOutput, catalog: Catalog, wrote: (bytes: number) => void): Promise<Target> {
  const [files, formatter, encoders] = await Promise.all([
    loadSection(section, catalog),
    loadSection(section.formatter, catalog),
    Promise.all(section.encoders.map(async (part) => ({ section: part, plugin: await loadSection(part, catalog) }))),
  ]);
  const { config } = section;
  const openWriter = (schema: Schema): FormatWriter =>
    inSectionSync(section.formatter, () => formatter.open(section.formatter.config, schema));
  return {
    async plan(schema, taskCount, ctx) {
      openWriter(schema);
      return inSection(section, () => files.plan(config, taskCount, ctx));
    },
    async open(plan, schema, ctx) {
      const writer = openWriter(schema);
      const sink = await inSection(section, () => files.open(config, plan, ctx));
      return openFileRecords({ section, sink, writer, encoders, ctx, wrote });
    },
    commit: (plan, reports, ctx) => inSection(section, () => files.commit(config, plan, reports, ctx)),
    cleanup: (plan, reports, ctx) =>
      inSection(section, async () => {
        await files.cleanup?.(config, plan, reports, ctx);
      }),
    ranges: formatter.isWhole === true ? undefined : fileRanges({ section, files, encoders, openWriter, wrote }),
  };
}

interface FileRangeParts {
  readonly section: FilesOutput;
  readonly files: Loaded<'file_output'>;
  readonly encoders: readonly EncoderStage[];
  readonly openWriter: (schema: Schema) => FormatWriter;
  readonly wrote: (bytes: number) => void;
}

function fileRanges({ section, files, encoders, openWriter, wrote }: FileRangeParts): TargetRanges | undefined {
  const [encoder] = encoders;
  const openEncoder = encoder === undefined ? () => undefined : pieceEncoderOf(encoder);
  if (files.openRanges === undefined || encoders.length > 1 || openEncoder === undefined) return undefined;
  return {
    async begin(plan, _schema, ctx) {
      const sink = await inSection(section, () => files.open(section.config, plan, ctx));
      const close = (): Promise<Report> => inSection(section, () => sink.close());
      const abort = (): Promise<void> => inSection(section, () => sink.abort());
      try {
        await inSection(section, () => sink.nextFile());
      } catch (error) {
        await abort();
        throw error;
      }
      const address = sink.rangeAddress?.();
      if (address === undefined) {
        await abort();
        return undefined;
      }
      return { address, close, abort };
    },
    async open(address) {
      const target = await inSection(section, async () => files.openRanges?.(section.config, address));
      assert(target, 'an output that gives addresses opens them');
      return {
        async write(position, bytes) {
          await inSection(section, () => target.write(position, bytes));
          wrote(bytes.length);
        },
        close: () => inSection(section, () => target.close()),
      };
    },
    writer: (schema) => new PieceWriter(openWriter(schema), openEncoder()),
  };
}

function pieceEncoderOf({ section, plugin }: EncoderStage): (() => PieceEncoder | undefined) | undefined {
  if (plugin.openPieces === undefined) return undefined;
  return () => inSectionSync(section, () => plugin.openPieces?.(section.config));
}

interface FileRecords {
  readonly section: FilesOutput;
  readonly sink: FileSink;
  readonly writer: FormatWriter;
  readonly encoders: readonly EncoderStage[];
  readonly ctx: TaskContext;
  readonly wrote: (bytes: number) => void;
}

/** One file per task, opened at once: it exists, with its header, even when no record comes. */
async function openFileRecords(parts: FileRecords): Promise<Sink> {
  const { section, sink, writer } = parts;
  const bytes = parts.encoders.length === 0 ? plainBytes(parts) : encodedBytes(parts);
  const guarded = <T>(call: () => Promise<T>): Promise<T> => inSection(section, call);
  try {
    await guarded(() => sink.nextFile());
    await bytes.write(writer.begin());
  } catch (error) {
    await bytes.abandon(error);
    await guarded(() => sink.abort());
    throw error;
  }
  return {
    write: (batch: Batch) => bytes.write(inSectionSync(section.formatter, () => writer.write(batch))),
    async close() {
      await bytes.write(inSectionSync(section.formatter, () => writer.end()));
      await bytes.end();
      return guarded(() => sink.close());
    },
    async abort() {
      await bytes.abandon(new Error('The task was given up.'));
      await guarded(() => sink.abort());
    },
  };
}

interface ByteTarget {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
  /** Stops without completing the file; never throws. */
  abandon(error: unknown): Promise<void>;
}

function plainBytes({ section, sink, wrote }: FileRecords): ByteTarget {
  return {
    async write(bytes) {
      if (bytes.length === 0) return;
      await inSection(section, () => sink.write(bytes));
      wrote(bytes.length);
    },
    end: async () => {},
    abandon: async () => {},
  };
}

function encodedBytes({ section, sink, encoders, ctx, wrote }: FileRecords): ByteTarget {
  const channel = new ByteChannel();
  const pump = async (): Promise<void> => {
    let encoded: Bytes = channel;
    for (const stage of encoders) {
      encoded = iterateInSection(stage.section, stage.plugin.encode(stage.section.config, encoded, ctx));
    }
    for await (const bytes of encoded) {
      await inSection(section, () => sink.write(bytes));
      wrote(bytes.length);
    }
  };
  // A failure reaches the writer through the channel, and `end` through the promise.
  const pumped = pump().catch((error: unknown) => {
    channel.fail(error);
    throw error;
  });
  pumped.catch(() => {});
  return {
    async write(bytes) {
      if (bytes.length > 0) await channel.write(bytes);
    },
    async end() {
      channel.end();
      await pumped;
    },
    async abandon(error) {
      channel.fail(error);
      await pumped.catch(() => {});
    },
  };
}
