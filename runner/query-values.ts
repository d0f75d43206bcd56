/**
 * Values of variables that databases are asked for, before the engine begins: one row of one query each, through the
 * input plugin of the connection.
 */
import { filledPlaces, misplaced, wholeText } from '#api/late-values.ts';
import type { LateValues } from '#api/late-values.ts';
import { VALUE_LENGTH_MAX } from '#api/resources/variable.ts';
import type { WorkOrder } from '#api/runner.ts';
import { rubyText } from '#codec/time/ruby-text.ts';
import { zoneOfRegion } from '#codec/time/zone.ts';
import { catalog } from '#connectors/catalog.ts';
import { JobReader } from '#engine/config/job-reader.ts';
import { asRopewayError } from '#engine/error-transfer.ts';
import { engineErrors } from '#engine/errors.ts';
import { isTimestamp, scalarText } from '#engine/preview-records.ts';
import { runContext } from '#engine/run-context.ts';
import type { RunContext } from '#engine/run-context.ts';
import { sampleContext } from '#engine/sample.ts';
import { openSource } from '#engine/source.ts';
import { valueAt } from '#spi/batch.ts';
import type { Timestamp } from '#spi/batch.ts';
import type { Logger } from '#spi/context.ts';
import { RopewayError } from '#spi/errors.ts';
import type { JsonObject } from '#spi/json.ts';
import { withConnections } from './connection-options.ts';
import type { EngineOrder } from './engine-protocol.ts';
import { isCancel } from './failure.ts';
import { runnerErrors } from './errors.ts';

export interface AskParts {
  readonly secrets: EngineOrder['secrets'];
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Resolves when further attempts would find them. */
  readonly keep: (values: Readonly<Record<string, string>>) => Promise<void>;
}

type Query = LateValues['queries'][number];

/** The config of the work with the values in their places. */
export async function askedConfig(work: WorkOrder, parts: AskParts): Promise<WorkOrder['config']> {
  const { places, queries } = work.late ?? { places: [], queries: [] };
  const values = new Map<string, string>();
  for (const query of queries) {
    const value = await askedValue(work, query, parts);
    const uses = places.filter((place) =>
      place.parts.some((part) => typeof part === 'object' && part.key === query.key),
    );
    const reason =
      value.length > VALUE_LENGTH_MAX
        ? `it is longer than ${VALUE_LENGTH_MAX} characters`
        : uses.map(({ use }) => misplaced(value, use)).find((why) => why !== undefined);
    if (reason !== undefined) throw runnerErrors.error('RUNNER_VARIABLE_VALUE', { name: nameOf(query), reason });
    parts.log.info('Asked for the value of a variable.', { variable: nameOf(query), value });
    values.set(query.key, value);
  }
  if (values.size > 0) await parts.keep(Object.fromEntries(values));
  // It has come as JSON.
  const filled = filledPlaces(work.config as JsonObject, places, values);
  const [missing] = filled.places;
  if (missing !== undefined) {
    throw engineErrors.error('INTERNAL', { reason: `nobody gave a value for ${missing.path.join('.')}` });
  }
  return { ...filled.config };
}

function nameOf({ key }: Query): string {
  return key.slice(key.indexOf('.') + 1);
}

async function askedValue(work: WorkOrder, query: Query, { secrets, log, signal }: AskParts): Promise<string> {
  const name = nameOf(query);
  const limit = AbortSignal.timeout(query.timeout_s * 1000);
  const context = runContext({
    log,
    signal: AbortSignal.any([signal, limit]),
    transactionTime: new Date(work.transaction_time),
  });
  try {
    const found = await firstCell(work, query, { secrets, context });
    const value = found === undefined || found === null ? query.missing : textOf(found, query);
    if (value !== undefined) return value;
    const what = found === undefined ? 'no row' : 'null';
    throw runnerErrors.error('RUNNER_VARIABLE_MISSING', { name, what });
  } catch (thrown) {
    const error = asRopewayError(thrown);
    if (limit.aborted && !signal.aborted) {
      throw runnerErrors.error('RUNNER_VARIABLE_TIMEOUT', { name, seconds: query.timeout_s }, { cause: thrown });
    }
    if (isCancel(error) || error.code.startsWith('RUNNER_VARIABLE')) throw error;
    // The same error, about another place.
    throw new RopewayError(
      error.code,
      {
        kind: error.kind,
        message: `The query of the variable $${name}$ failed: ${error.message}`,
        hint: error.hint,
        transient: error.transient,
      },
      { where: { path: ['variables', name] }, cause: thrown },
    );
  } finally {
    await context.close();
  }
}

type Cell = ReturnType<typeof valueAt>;

/** Undefined when there is no row. */
async function firstCell(
  work: WorkOrder,
  query: Query,
  { secrets, context }: { readonly secrets: EngineOrder['secrets']; readonly context: RunContext },
): Promise<Cell | undefined> {
  const sql = wholeText(query.query);
  if (sql === undefined) throw engineErrors.error('INTERNAL', { reason: `the query of ${query.key} is not complete` });
  const section = { connection: { handle: query.handle }, query: sql };
  const reader = new JobReader(withConnections({ ...work, config: { in: section } }, secrets), catalog);
  const input = await reader.input();
  const [error] = reader.errors;
  if (input === undefined || error !== undefined) {
    throw error ?? engineErrors.error('INTERNAL', { reason: `the connection of ${query.key} is no input` });
  }
  const source = await openSource(input, catalog);
  const plan = await source.plan(context);
  try {
    let found: Cell | undefined;
    for (const [index, task] of plan.tasks.entries()) {
      for await (const batch of source.read(task, plan.schema, sampleContext(context, index))) {
        if (batch.rowCount === 0) continue;
        if (found !== undefined || batch.rowCount > 1) {
          throw runnerErrors.error('RUNNER_VARIABLE_ROWS', { name: nameOf(query) });
        }
        const [first] = batch.vectors;
        found = first === undefined ? null : valueAt(first, 0);
      }
    }
    // What broke off reading may look like its end.
    if (context.signal.aborted) throw engineErrors.error('RUN_CANCELLED');
    return found;
  } finally {
    await source.release(plan.tasks, context);
  }
}

function textOf(value: NonNullable<Cell>, { format, time_zone: zoneName }: Query): string {
  if (!isTimestamp(value)) return scalarText(value);
  const zone = zoneOfRegion(zoneName);
  if (zone === undefined) throw engineErrors.error('INTERNAL', { reason: `there is no zone ${zoneName}` });
  return rubyText(value satisfies Timestamp, format, zone);
}
