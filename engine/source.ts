/** The input side of a job as one thing: a record input, or files with their decoders and parser. */
import type { Batch } from '#spi/batch.ts';
import type { Context, TaskContext } from '#spi/context.ts';
import type { InnerFile, SourceFile } from '#spi/files.ts';
import type { Json } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { RangeFile, RangeParser } from '#spi/ranges.ts';
import type { ConfigDiff, Report } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import type { FilesInput, Job, RecordInput, Section } from './job.ts';
import { inSection, inSectionFully, inSectionSync, iterateInSection, loadSection } from './section.ts';
import type { Loaded } from './section.ts';

export interface SourcePlan {
  readonly schema: Schema;
  readonly tasks: readonly Json[];
  /** Bytes of all tasks together, when the input knows. */
  readonly sizeBytes?: number;
  /** Of each of them. */
  readonly taskBytes?: readonly number[];
}

/** An input with its settings. */
export interface Source {
  plan(ctx: Context): Promise<SourcePlan>;
  read(task: Json, schema: Schema, ctx: TaskContext): AsyncGenerator<Batch, Report>;
  /** No task is read any more: what planning holds for them may go. */
  release(tasks: readonly Json[], ctx: Context): Promise<void>;
  commit(tasks: readonly Json[], reports: readonly Report[], ctx: Context): Promise<ConfigDiff>;
  /** Present when files may be read in ranges. */
  readonly ranges?: SourceRanges | undefined;
}

export interface SourceRanges {
  /** The file of a task; undefined when this one can only be read from its beginning. */
  open(task: Json, ctx: TaskContext): Promise<RangeFile | undefined>;
  parser(): RangeParser | undefined;
}

export async function openSource(input: Job['input'], catalog: Catalog): Promise<Source> {
  return input.kind === 'input' ? recordSource(input, catalog) : filesSource(input, catalog);
}

async function recordSource(section: RecordInput, catalog: Catalog): Promise<Source> {
  const plugin = await loadSection(section, catalog);
  return {
    plan: (ctx) => inSection(section, () => plugin.plan(section.config, ctx)),
    read: (task, schema, ctx) => reportOf(iterateInSection(section, plugin.read(section.config, task, schema, ctx))),
    release: (tasks, ctx) => inSection(section, async () => plugin.release?.(section.config, tasks, ctx)),
    commit: async (tasks, reports, ctx) =>
      (await inSection(section, () => plugin.commit?.(section.config, tasks, reports, ctx))) ?? {},
  };
}

/** A decoder or its like with its section: what is applied to bytes in order. */
export interface ByteStage {
  readonly section: Section<'decoder'>;
  readonly plugin: Loaded<'decoder'>;
}

export async function loadDecoders(
  sections: readonly Section<'decoder'>[],
  catalog: Catalog,
): Promise<readonly ByteStage[]> {
  return Promise.all(sections.map(async (section) => ({ section, plugin: await loadSection(section, catalog) })));
}

/** What a file becomes by the decoders: one file, or those in it where one of them reads archives. */
export async function* decodedFiles(
  file: InnerFile,
  stages: readonly ByteStage[],
  ctx: TaskContext,
): AsyncGenerator<InnerFile> {
  const [stage, ...rest] = stages;
  if (stage === undefined) {
    yield file;
    return;
  }
  const { section, plugin } = stage;
  const { name } = file;
  if ('decode' in plugin) {
    const bytes = iterateInSection(section, plugin.decode(section.config, file.bytes, { name }, ctx));
    yield* decodedFiles({ name, bytes }, rest, ctx);
    return;
  }
  for await (const inner of iterateInSection(section, plugin.unpack(section.config, file.bytes, { name }, ctx))) {
    yield* decodedFiles({ name: inner.name, bytes: iterateInSection(section, inner.bytes) }, rest, ctx);
  }
}

async function filesSource(section: FilesInput, catalog: Catalog): Promise<Source> {
  const [files, decoders, parser] = await Promise.all([
    loadSection(section, catalog),
    loadDecoders(section.decoders, catalog),
    loadSection(section.parser, catalog),
  ]);
  async function* parse(file: SourceFile, ctx: TaskContext): AsyncGenerator<Batch> {
    const whole = { name: file.name, bytes: iterateInSection(section, file.read()) };
    for await (const decoded of decodedFiles(whole, decoders, ctx)) {
      yield* iterateInSection(section.parser, parser.parse(section.parser.config, decoded, ctx));
    }
  }
  return {
    async plan(ctx) {
      const plan = await inSection(section, () => files.plan(section.config, ctx));
      const schema = inSectionSync(section.parser, () => parser.schema(section.parser.config));
      return { ...plan, schema };
    },
    async *read(task, _schema, ctx) {
      const opened = reportOf(iterateInSection(section, files.read(section.config, task, ctx)));
      try {
        for (;;) {
          const step = await opened.next();
          if (step.done === true) return step.value;
          yield* parse(step.value, ctx);
        }
      } finally {
        await opened.return({});
      }
    },
    release: async () => {},
    commit: async (tasks, reports, ctx) =>
      (await inSection(section, () => files.commit?.(section.config, tasks, reports, ctx))) ?? {},
    ranges: decoders.length > 0 ? undefined : sourceRanges(section, files, parser),
  };
}

function sourceRanges(
  section: FilesInput,
  files: Loaded<'file_input'>,
  parser: Loaded<'parser'>,
): SourceRanges | undefined {
  if (files.openRanges === undefined || parser.openRanges === undefined) return undefined;
  return {
    open: (task, ctx) => inSection(section, async () => files.openRanges?.(section.config, task, ctx)),
    parser() {
      const ranges = inSectionSync(section.parser, () => parser.openRanges?.(section.parser.config));
      if (ranges === undefined) return undefined;
      return {
        start: ranges.start,
        guess: (file, from, to) => inSection(section.parser, () => ranges.guess(file, from, to)),
        parse: (file, range, reject) => inSectionFully(section.parser, ranges.parse(file, range, reject)),
        close: () => ranges.close(),
      };
    },
  };
}

/** The generator with its return value made certain: one that was cut short has nothing to report. */
async function* reportOf<T>(generator: AsyncGenerator<T, Report | undefined>): AsyncGenerator<T, Report> {
  return (yield* generator) ?? {};
}
