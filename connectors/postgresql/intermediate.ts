/**
 * Tables between the tasks and the commit. Their names end with a mark that holds the time and the run, so that those
 * of runs that died are known and taken away; a run that lives holds an advisory lock, which says that it does.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { PgSession } from './client.ts';
import { NAME_BYTES_MAX, quoteTable } from './sql.ts';

/** `<time in base 36, 9 places><8 hexadecimal digits>`. */
export type RunId = string;

const TIME_DIGITS = 9;
const MARK = 'ropeway';
/** The longest end of a name: the run, the mark, and a task number of six digits. */
const SUFFIX_BYTES_MAX = `_${'0'.repeat(TIME_DIGITS + 8)}_${MARK}_000000`.length;

/**
 * A committed run leaves an empty table until its own end, which says that it was committed: a commit that is repeated
 * finds it. One that outlived its run is taken away after a day.
 */
const DONE_KEPT_MS = 24 * 3600 * 1000;

/** The end of the names of such tables, as a regular expression of either side. */
export const INTERMEDIATE_PATTERN = `_([0-9a-z]{${TIME_DIGITS}}[0-9a-f]{8})_${MARK}_([0-9]+|done)$`;

export function newRunId(now: number): RunId {
  return now.toString(36).padStart(TIME_DIGITS, '0') + randomBytes(4).toString('hex');
}

function timeOf(run: RunId): number {
  return Number.parseInt(run.slice(0, TIME_DIGITS), 36);
}

/** The table's name, cut so that every end fits behind it. */
function prefixOf(table: string): string {
  const bytes = Buffer.from(table).subarray(0, NAME_BYTES_MAX - SUFFIX_BYTES_MAX);
  // A character that was cut in two is left out.
  return bytes.toString('utf8').replace(/\uFFFD+$/, '');
}

export function taskTable(table: string, run: RunId, task: number): string {
  return `${prefixOf(table)}_${run}_${MARK}_${task}`;
}

export function doneTable(table: string, run: RunId): string {
  return `${prefixOf(table)}_${run}_${MARK}_done`;
}

/** The key of the advisory lock that a living run holds, or that commits to one table take in turn. */
function lockKey(purpose: 'run' | 'table', name: string): string {
  const digest = createHash('sha256').update(`ropeway ${purpose} ${name}`).digest();
  return String(digest.readBigInt64BE(0));
}

export async function lockRun(session: PgSession, run: RunId): Promise<void> {
  await session.query('SELECT pg_advisory_lock_shared($1)', [lockKey('run', run)]);
}

/** Until the end of the transaction, other runs that commit to the table wait. */
export async function lockTarget(session: PgSession, table: string): Promise<void> {
  await session.query('SELECT pg_advisory_xact_lock($1)', [lockKey('table', table)]);
}

export async function tableExists(session: PgSession, schema: string, table: string): Promise<boolean> {
  const { rows } = await session.query('SELECT to_regclass($1) IS NOT NULL', [quoteTable(schema, table)]);
  return rows[0]?.[0] === 't';
}

interface Leftover {
  readonly name: string;
  readonly run: RunId;
  readonly isDone: boolean;
}

async function marked(session: PgSession, schema: string, table: string): Promise<readonly Leftover[]> {
  const { rows } = await session.query(
    `SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
     AND relkind = 'r' AND starts_with(relname::text, $2)`,
    [schema, `${prefixOf(table)}_`],
  );
  const end = new RegExp(`^${INTERMEDIATE_PATTERN}`);
  return rows.flatMap(([name]): Leftover[] => {
    const [, run, task] = end.exec((name ?? '').slice(prefixOf(table).length)) ?? [];
    return name === null || name === undefined || run === undefined ? [] : [{ name, run, isDone: task === 'done' }];
  });
}

/** Takes away the tables of the run, whatever is left of them. */
export async function dropRun(session: PgSession, schema: string, table: string, run: RunId): Promise<void> {
  for (const { name, run: owner } of await marked(session, schema, table)) {
    if (owner === run) await session.query(`DROP TABLE IF EXISTS ${quoteTable(schema, name)}`);
  }
}

/** Takes away what runs that died have left: those whose lock nobody holds. */
export async function dropLeftovers(session: PgSession, schema: string, table: string, log: Logger): Promise<void> {
  for (const { name, run, isDone } of await marked(session, schema, table)) {
    if (isDone && Date.now() - timeOf(run) < DONE_KEPT_MS) continue;
    const key = lockKey('run', run);
    const { rows } = await session.query('SELECT pg_try_advisory_lock($1)', [key]);
    if (rows[0]?.[0] !== 't') continue;
    try {
      await session.query(`DROP TABLE IF EXISTS ${quoteTable(schema, name)}`);
      log.info('Removed an intermediate table of a run that had died.', { table: name });
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      log.warn('An intermediate table of a run that had died cannot be removed.', {
        table: name,
        reason: error.message,
      });
    } finally {
      await session.query('SELECT pg_advisory_unlock($1)', [key]);
    }
  }
}
