/**
 * What a run is about only since it has begun: values of its first claim, which are kept, so that each further attempt
 * finds the same ones; and values that its queries have given.
 */
import { sql } from 'kysely';
import { filledParts, filledPlaces } from '#api/late-values.ts';
import type { LateValues } from '#api/late-values.ts';
import type { ValuesRequest, WorkOrder } from '#api/runner.ts';
import type { Db } from '#control/runs/transition-writer.ts';
import type { JsonObject } from '#spi/json.ts';
import { timestampOf, timeText } from './resolve.ts';

type Kept = Readonly<Record<string, string>>;

export interface FrozenRun {
  readonly work: WorkOrder;
  readonly late_values: Kept;
}

/** The work of a run for whoever claims it: nothing is late in it but what queries have to say. */
export async function startedWork(db: Db, runId: string, run: FrozenRun): Promise<WorkOrder> {
  const { late, ...work } = run.work;
  if (late === undefined) return work;
  const kept = await startValues(db, runId, { late, kept: run.late_values });
  const values = new Map(
    Object.entries(kept).filter(
      ([key]) => !late.queries.some((query) => query.key === key && query.on_retry === 'ask'),
    ),
  );
  // A frozen configuration is plain JSON.
  const { config, places } = filledPlaces(work.config as JsonObject, late.places, values);
  const queries = late.queries
    .filter(({ key }) => !values.has(key))
    .map((query) => ({ ...query, query: filledParts(query.query, values) }));
  const isLate = places.length > 0 || queries.length > 0;
  return { ...work, config: { ...config }, ...(isLate ? { late: { places, starts: [], queries } } : {}) };
}

async function startValues(
  db: Db,
  runId: string,
  { late, kept }: { readonly late: LateValues; readonly kept: Kept },
): Promise<Kept> {
  if (late.starts.every(({ key }) => Object.hasOwn(kept, key))) return kept;
  // Of the first attempt, if this is a later one that finds nothing.
  const { rows } = await sql<{ at: string }>`
    select coalesce((select min(claimed_at) from attempt where run_id = ${runId}), dispatch.now()) as at`.execute(db);
  const at = timestampOf(rows[0]?.at ?? '');
  const found = late.starts.map((start): [string, string] => {
    const text = timeText(at, { ...start, timeZone: start.time_zone });
    // Tried when the run was created: its calendar does not end between the two.
    if (text === undefined) throw new Error(`the value ${start.key} of the run ${runId} is out of the calendar`);
    return [start.key, text];
  });
  // Whoever is first decides.
  const { rows: merged } = await sql<{ late_values: Kept }>`
    update run_work set late_values = ${JSON.stringify(Object.fromEntries(found))}::jsonb || late_values
    where run_id = ${runId} returning late_values`.execute(db);
  return merged[0]?.late_values ?? kept;
}

/** What an execution that is at work was told by its queries; false when it is not at work any more. */
export async function keepValues(db: Db, request: ValuesRequest): Promise<boolean> {
  const { rows } = await sql`
    update run_work w set late_values = w.late_values || ${JSON.stringify(request.values)}::jsonb
    from run r where w.run_id = ${request.run_id} and r.id = w.run_id and r.attempt_no = ${request.attempt_no}
      and r.fence = ${request.fence}::bigint and r.execution_id = ${request.execution_id}
      and r.state in ('RUNNING', 'STOPPING') returning 1`.execute(db);
  return rows.length === 1;
}
