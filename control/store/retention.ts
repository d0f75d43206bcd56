/**
 * Forgets runs that ended long ago, with their events, logs and attempts. In small steps, each a transaction of its own
 * that holds no lock for long; what is cut short goes on the next time. Several processes may do it at once.
 */
import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import type { Tables } from './tables.ts';

const BATCH_RUNS = 200;
/** A run has thousands when it was talkative, of a quarter of a megabyte each. */
const BATCH_CHUNKS = 500;
/** Of runs, in one call: the next call goes on. */
const BATCHES_MAX = 5000;

export interface Retention {
  readonly days: number;
  readonly signal?: AbortSignal | undefined;
  readonly batchRuns?: number | undefined;
  readonly batchesMax?: number | undefined;
}

export interface Forgotten {
  readonly runs: number;
  readonly logChunks: number;
  /** Nothing that old is left. */
  readonly isComplete: boolean;
}

export async function forgetOldRuns(
  db: Kysely<Tables>,
  { days, signal, batchRuns = BATCH_RUNS, batchesMax = BATCHES_MAX }: Retention,
): Promise<Forgotten> {
  let runs = 0;
  let logChunks = 0;
  for (let batch = 0; batch < batchesMax && !isStopped(signal); batch++) {
    const { rows } = await oldRuns(days, batchRuns).execute(db);
    if (rows.length === 0) return { runs, logChunks, isComplete: true };
    const ids = rows.map(({ id }) => id);
    logChunks += await forgetLogs(db, ids, signal);
    if (isStopped(signal)) break;
    await rememberSuccesses(ids).execute(db);
    // What refers to it goes with it, by indexes that begin with the run.
    const { numDeletedRows } = await db
      .deleteFrom('run')
      .where('id', '=', sql<string>`any(${ids}::text[])`)
      .executeTakeFirst();
    runs += Number(numDeletedRows);
  }
  return { runs, logChunks, isComplete: false };
}

/** Variables may ask when a definition succeeded last, however long ago that was. */
function rememberSuccesses(ids: readonly string[]): RawBuilder<unknown> {
  return sql`update definition d set succeeded_before = greatest(d.succeeded_before, old.at)
    from (select definition_id, max(started_at) as at from run
      where id = any(${ids}::text[]) and state = 'SUCCEEDED' and kind = 'transfer' group by 1) old
    where d.id = old.definition_id and old.at > coalesce(d.succeeded_before, '-infinity')`;
}

const isStopped = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/**
 * The oldest first. Their runners are known to be over and tidied up: else the row is what explains them. The clock is
 * read once: compared directly it would be read for every row, without the index.
 */
export function oldRuns(days: number, limit: number): RawBuilder<{ id: string }> {
  return sql<{ id: string }>`
    select id from run
    where terminal_at < (select dispatch.now() - make_interval(days => ${days})) and is_quiesced
      and not exists (select from attempt where attempt.run_id = run.id and cleaned_at is null)
    order by terminal_at limit ${limit}`;
}

async function forgetLogs(db: Kysely<Tables>, ids: readonly string[], signal?: AbortSignal): Promise<number> {
  let count = 0;
  while (!isStopped(signal)) {
    const { numAffectedRows = 0n } = await oldLogs(ids, BATCH_CHUNKS).execute(db);
    count += Number(numAffectedRows);
    if (numAffectedRows < BATCH_CHUNKS) break;
  }
  return count;
}

export function oldLogs(ids: readonly string[], limit: number): RawBuilder<unknown> {
  // Run by run: asked for all of them at once, a small table would be read from end to end.
  return sql`delete from log_chunk where ctid = any(array(
    select chunk.ctid from unnest(${ids}::text[]) as old (id)
    cross join lateral (select ctid from log_chunk where run_id = old.id limit ${limit}) chunk limit ${limit}))`;
}
