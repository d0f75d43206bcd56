/** The short kinds of work, whose answer is what they find: testing, browsing, guessing, previewing. */
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { withText } from '#api/late-values.ts';
import type { WorkOrder } from '#api/runner.ts';
import { previewRecords } from '#engine/preview-records.ts';
import { catalog } from '#connectors/catalog.ts';
import { JobReader } from '#engine/config/job-reader.ts';
import { listEntries } from '#engine/connections/list-entries.ts';
import { openConnection } from '#engine/connections/open-connection.ts';
import type { OpenConnection } from '#engine/connections/open-connection.ts';
import { testConnection } from '#engine/connections/test-connection.ts';
import { engineErrors } from '#engine/errors.ts';
import { guessConfig } from '#engine/guess/guess-config.ts';
import { previewJob } from '#engine/preview.ts';
import { runContext } from '#engine/run-context.ts';
import type { RunContext } from '#engine/run-context.ts';
import type { Entry } from '#spi/connections.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { runnerErrors } from './errors.ts';
import { tellDiagnostics } from './engine-work.ts';
import type { WorkParts } from './engine-work.ts';
import { failureReport } from './failure.ts';

type Result = Readonly<Record<string, unknown>>;

const side = z.enum(['in', 'out']).default('in');
const testArguments = z.object({ side });
const browseArguments = z.object({
  side,
  path: z.array(z.string()).default([]),
  prefix: z.string().optional(),
  /** What a page of a form shows: a finish has no room for many more. */
  limit: z.int().min(1).max(500).default(200),
});
/** Names alone, of tables: of a system with thousands. */
const tableArguments = browseArguments.extend({ limit: z.int().min(1).max(10_000), names_only: z.literal(true) });
/** Packed, in what is said at the end. */
const NAMES_LENGTH_MAX = 48 * 1024;
const guessArguments = z.object({
  guessers: z.array(z.string()).default([]),
  sample_bytes: z.int().min(1).max(1_048_576).default(32_768),
});
const previewArguments = z.object({ rows: z.int().min(1).max(1000).optional() });

/** Each check as it is known; a failed one is a finding, not a failure of the run. */
export async function test(parts: WorkParts): Promise<Result> {
  const options = argumentsOf(parts, testArguments);
  return withConnection(parts, options.side, async (connection, ctx) => {
    const checks: unknown[] = [];
    for await (const { reason, ...check } of testConnection(connection, { ctx })) {
      parts.log.info(check.detail, { check: check.name, outcome: check.outcome, ms: check.elapsedMs });
      checks.push({ ...check, ...(reason === undefined ? {} : { failure: failureReport(reason) }) });
    }
    return { type: connection.type, checks };
  });
}

export async function browse(parts: WorkParts): Promise<Result> {
  if (parts.work.arguments['names_only'] === true) return browseTables(parts);
  const { side, path, prefix, limit } = argumentsOf(parts, browseArguments);
  return withConnection(parts, side, async (connection, ctx) => {
    const request = { path, limit, ...(prefix === undefined ? {} : { prefix }) };
    const pages = listEntries(connection, request, { ctx });
    const entries: Entry[] = [];
    for (;;) {
      const step = await pages.next();
      if (step.done === true) return { entries, has_more: step.value.hasMore };
      entries.push(...step.value);
    }
  });
}

async function browseTables(parts: WorkParts): Promise<Result> {
  const { side, path, prefix, limit } = argumentsOf(parts, tableArguments);
  return withConnection(parts, side, async (connection, ctx) => {
    const request = { path, limit, ...(prefix === undefined ? {} : { prefix }) };
    const pages = listEntries(connection, request, { ctx });
    let names: string[] = [];
    for (;;) {
      const step = await pages.next();
      if (step.done === true) {
        let isCut = step.value.hasMore;
        // Names that do not pack well: as many as there is room for.
        for (;;) {
          const packed = gzipSync(JSON.stringify(names)).toString('base64');
          if (packed.length <= NAMES_LENGTH_MAX) return { names_gzip: packed, count: names.length, has_more: isCut };
          names = names.slice(0, Math.floor(names.length / 2));
          isCut = true;
        }
      }
      for (const { name, kind } of step.value) if (kind === 'table' || kind === 'view') names.push(name);
    }
  });
}

export async function guess(parts: WorkParts): Promise<Result> {
  const { guessers, sample_bytes: sampleBytes } = argumentsOf(parts, guessArguments);
  const { log, signal, work } = parts;
  // Guessed from all options; what is shown says the connection by its handle again.
  const { config, findings } = await guessConfig(parts.config, {
    catalog,
    log,
    signal,
    moreGuessers: guessers,
    sampleBytes,
  });
  const shown = { ...config, in: likeWritten(config['in'], work.config['in'], parts.config['in']) };
  return { config: withVariables(shown as JsonObject, work.written ?? []), findings };
}

/** Texts with variables as they were written: their values are those of one run. */
function withVariables(config: JsonObject, written: NonNullable<WorkOrder['written']>): Json {
  return written.reduce<Json>((whole, { path, text }) => withText(whole, path, text), config);
}

export async function preview(parts: WorkParts): Promise<Result> {
  const { rows } = argumentsOf(parts, previewArguments);
  const reader = new JobReader(parts.config, catalog);
  const input = await reader.input();
  const filters = await reader.filters();
  const exec = reader.exec();
  tellDiagnostics(reader, parts.log);
  const [error] = reader.errors;
  if (input === undefined || error !== undefined) {
    throw error ?? engineErrors.error('INTERNAL', { reason: 'a config without an input' });
  }
  const transactionTime = new Date(parts.work.transaction_time).toISOString();
  const settings = { ...exec, transactionTime, ...(rows === undefined ? {} : { previewSampleRows: rows }) };
  const { log, signal } = parts;
  const found = await previewJob({ input, filters, exec: settings }, { catalog, log, signal });
  return { columns: found.schema.columns, records: previewRecords(found) };
}

async function withConnection<T>(
  { config, log, signal, work }: WorkParts,
  side: 'in' | 'out',
  use: (connection: OpenConnection, ctx: RunContext) => Promise<T>,
): Promise<T> {
  const { connection, errors } = await openConnection(config, side, catalog);
  if (connection === undefined) throw errors[0];
  const ctx = runContext({ log, signal, transactionTime: new Date(work.transaction_time) });
  try {
    return await use(connection, ctx);
  } finally {
    await ctx.close();
  }
}

function argumentsOf<S extends z.ZodObject>({ work }: WorkParts, schema: S): z.output<S> {
  const read = schema.safeParse(work.arguments);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const params = { name: issue?.path.join('.') ?? '', reason: issue?.message ?? '' };
  throw runnerErrors.error('RUNNER_ARGUMENT', params);
}

/** What was guessed, without what the connection brought in: it stays where it is saved. */
function likeWritten(guessed: Json | undefined, written: unknown, merged: Json | undefined): unknown {
  if (!isObject(guessed) || !isObject(written) || !isObject(merged)) return guessed;
  if (!('connection' in written)) return guessed;
  const isFromConnection = (key: string): boolean => !(key in written) && key in merged;
  return { ...Object.fromEntries(Object.entries(guessed).filter(([key]) => !isFromConnection(key))), ...kept(written) };
}

function kept(written: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { connection: written['connection'] };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
