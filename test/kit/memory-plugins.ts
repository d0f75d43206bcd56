/** Plugins that live in memory, with every fault a test may ask for: the engine's peers in its own tests. */
import { z } from 'zod';
import { stringAt } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { Logger } from '#spi/context.ts';
import { RopewayError } from '#spi/errors.ts';
import { plugin } from '#spi/plugin.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { Input, Output, Report, Sink } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import type { Job } from '#engine/job.ts';

/** What happened, in order: `plan in`, `write 0 a,b`, `abort 1`. */
export type Journal = string[];

export interface MemoryFaults {
  /** Fails the read of the task after its first record. */
  readonly readFails?: ReadonlySet<number>;
  readonly writeFails?: ReadonlySet<number>;
  readonly commitFails?: boolean;
  /** The input says when it lets go of what it planned. */
  readonly tellsRelease?: boolean;
  /** Waits for ever in the read of this task, deaf to signals. */
  readonly hangs?: ReadonlySet<number>;
}

const schema: Schema = { columns: [{ name: 'text', type: 'string' }] };

/** A catalogue of one input (`memory`: a list of texts per task) and one output (`memory`). */
export function memoryCatalog(journal: Journal, faults: MemoryFaults = {}): Catalog {
  return [
    plugin({
      kind: 'input',
      name: 'memory',
      title: 'Memory',
      summary: 'Records from memory.',
      stability: 'stable',
      config: async () => z.strictObject({ tasks: z.array(z.array(z.string())) }),
      examples: [],
      load: async () => memoryInput(journal, faults),
    }),
    plugin({
      kind: 'output',
      name: 'memory',
      title: 'Memory',
      summary: 'Records into memory.',
      stability: 'stable',
      config: async () => z.strictObject({}),
      examples: [],
      load: async () => memoryOutput(journal, faults),
    }),
  ];
}

function memoryInput(journal: Journal, faults: MemoryFaults): Input<{ tasks: string[][] }> {
  return {
    async plan(config) {
      journal.push('plan in');
      return { schema, tasks: config.tasks };
    },
    async release(_config, tasks) {
      if (faults.tellsRelease === true) journal.push(`let go ${tasks.length}`);
    },
    async *read(_config, task, _schema, ctx) {
      const texts = task as readonly string[];
      const builder = new BatchBuilder(schema);
      for (const [row, text] of texts.entries()) {
        if (row === 1 && faults.readFails?.has(ctx.taskIndex)) throw failure(`read ${ctx.taskIndex}`);
        if (faults.hangs?.has(ctx.taskIndex)) await new Promise(() => {});
        builder.setString(0, text);
        builder.endRow();
        const batch = builder.take();
        if (batch !== undefined) yield batch;
      }
      return { rows: texts.length };
    },
    async commit(_config, tasks, reports) {
      journal.push(`commit in ${tasks.length} ${reports.length}`);
      return { seen: reports.length };
    },
  };
}

function memoryOutput(journal: Journal, faults: MemoryFaults): Output<object> {
  return {
    async plan(_config, _schema, taskCount) {
      journal.push(`plan out ${taskCount}`);
      return { target: 'memory' };
    },
    async open(_config, _plan, _schema, ctx): Promise<Sink> {
      const { taskIndex } = ctx;
      const texts: string[] = [];
      return {
        async write(batch) {
          if (faults.writeFails?.has(taskIndex)) throw failure(`write ${taskIndex}`);
          const [vector] = batch.vectors;
          for (let row = 0; row < batch.rowCount && vector; row++) texts.push(stringAt(vector, row));
        },
        async close() {
          journal.push(`close ${taskIndex} ${texts.join(',')}`);
          return { index: taskIndex, texts };
        },
        async abort() {
          journal.push(`abort ${taskIndex}`);
        },
      };
    },
    async commit(_config, _plan, reports: readonly Report[]) {
      if (faults.commitFails === true) throw failure('commit');
      journal.push(`commit out ${reports.map(({ index }) => String(index)).join(',')}`);
      return {};
    },
    async cleanup(_config, _plan, reports) {
      journal.push(`cleanup ${reports.length}`);
    },
  };
}

function failure(where: string): RopewayError {
  return new RopewayError('MEMORY_FAULT', { kind: 'data', message: `Fault in ${where}`, hint: 'Ask the test.' });
}

/** A job over the memory plugins. */
export function memoryJob(tasks: readonly (readonly string[])[], exec: Partial<Job['exec']> = {}): Job {
  return {
    input: { kind: 'input', name: 'memory', config: { tasks }, path: ['in'], decoders: [] },
    filters: [],
    output: { kind: 'output', name: 'memory', config: {}, path: ['out'], encoders: [] },
    exec: {
      maxThreads: 1,
      minOutputTasks: 1,
      previewSampleRows: 15,
      guessSampleBytes: 32768,
      skippedRecordsMax: 1_000_000,
      chunkBytes: 1024 * 1024,
      spoilsGuesses: false,
      kernelUse: 'auto',
      transactionTime: '2026-01-02T03:04:05.000Z',
      ...exec,
    },
  };
}

/** A logger that keeps its lines. */
export function keptLog(): { lines: string[]; log: Logger } {
  const lines: string[] = [];
  const at = (level: string) => (sentence: string) => void lines.push(`${level} ${sentence}`);
  return { lines, log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') } };
}
