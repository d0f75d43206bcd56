/**
 * One snapshot for several sessions. The session that exported it must stay in its transaction until the last task has
 * begun: it belongs to the process that planned, and ends when the tasks are read.
 */
import { randomUUID } from 'node:crypto';
import type { Context } from '#spi/context.ts';
import { PgSession } from './client.ts';
import type { ConnectionConfig } from './client.ts';
import { postgresErrors } from './errors.ts';
import { quoteText } from './sql.ts';
import { sqlStateOf } from './vendor-errors.ts';

// A type, not an interface: it is part of a task, which is plain JSON.
export type SharedSnapshot = {
  /** As the server calls it. */
  readonly id: string;
  /** The holder's name in this process. */
  readonly holder: string;
  /** The process that planned: a task that runs in another one has been taken up from a run that died. */
  readonly pid: number;
  /** Without the snapshot the ranges of the tasks would not fit together. */
  readonly isNeeded: boolean;
};

const holders = new Map<string, PgSession>();

/** A transaction on the snapshot that {@link joinSnapshot} will join; `plan` looks at the tables in it. */
export async function holdSnapshot<T>(
  config: ConnectionConfig,
  ctx: Context,
  plan: (session: PgSession) => Promise<T>,
): Promise<{ readonly planned: T; readonly snapshot: Omit<SharedSnapshot, 'isNeeded'> }> {
  const session = await PgSession.open(config, ctx);
  try {
    // It does nothing while the tasks read, however long that takes.
    await session.query('SET idle_in_transaction_session_timeout = 0');
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await session.query('SELECT pg_export_snapshot()');
    const planned = await plan(session);
    const holder = randomUUID();
    holders.set(holder, session);
    session.unref();
    return { planned, snapshot: { id: rows[0]?.[0] ?? '', holder, pid: process.pid } };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Lets the snapshot go; nothing happens where another process holds it. */
export async function releaseSnapshot({ holder }: SharedSnapshot): Promise<void> {
  const session = holders.get(holder);
  holders.delete(holder);
  await session?.close();
}

/** What the server says of a snapshot that is not there any more; it depends on the version. */
const goneStates: ReadonlySet<string> = new Set(['22023', '42704', '55000']);

/** Begins a transaction that sees what the planning one saw. */
export async function joinSnapshot(session: PgSession, snapshot: SharedSnapshot, ctx: Context): Promise<void> {
  const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
  await session.query(begin);
  try {
    await session.query(`SET TRANSACTION SNAPSHOT ${quoteText(snapshot.id)}`);
  } catch (error) {
    if (!goneStates.has(sqlStateOf(error) ?? '')) throw error;
    // Of a run that is taken up, the snapshot ended with the process that planned it.
    if (snapshot.isNeeded || snapshot.pid === process.pid) {
      throw postgresErrors.error('PG_SNAPSHOT_GONE', { server: session.server }, { cause: error });
    }
    await session.query('ROLLBACK');
    await session.query(begin);
    ctx.log.warn('The snapshot of the run before is gone: the tasks that are left see the table as it is now.');
  }
}
