/**
 * Tables between the tasks and the commit, and the locks that go with them. A run that lives holds an advisory lock,
 * which says that it does; what runs that died have left is taken away.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { runNames, timeOf } from '#connectors/sql/run-names.ts';
import type { RunId } from '#connectors/sql/run-names.ts';
import type { PgSession } from './client.ts';
import { NAME_BYTES_MAX, quoteTable } from './sql.ts';

/** Identifiers are cut by bytes; a character that would be cut in two is left out. */
export const names = runNames((name, room) =>
  Buffer.from(name)
    .subarray(0, NAME_BYTES_MAX - room)
    .toString('utf8')
    .replace(/\uFFFD+$/, ''),
);

/**
 * A committed run leaves an empty table until its own end, which says that it was committed: a commit that is repeated
 * finds it. One that outlived its run is taken away after a day.
 */
const DONE_KEPT_MS = 24 * 3600 * 1000;
export const DONE = 'done';

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
    [schema, `${names.prefix(table)}_`],
  );
  return rows.flatMap(([name]): Leftover[] => {
    const found = names.parse(table, name ?? '');
    if (name === null || name === undefined || found === undefined) return [];
    return [{ name, run: found.run, isDone: found.purpose === DONE }];
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
