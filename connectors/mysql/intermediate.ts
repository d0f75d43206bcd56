/**
 * Tables between the tasks and the commit, and the locks that go with them. A run that lives holds named locks, which
 * say that it does; what runs that died have left is taken away.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { runNames } from '#connectors/sql/run-names.ts';
import type { RunId } from '#connectors/sql/run-names.ts';
import type { MySqlSession } from './client.ts';
import { NAME_LENGTH_MAX, quoteTable, quoteText } from './sql.ts';

/** Identifiers are cut by characters, which may be halves of pairs. */
export const names = runNames((name, room) => [...name.slice(0, NAME_LENGTH_MAX - room)].filter(isWhole).join(''));

function isWhole(character: string): boolean {
  return character.isWellFormed();
}

/**
 * Named locks have one holder each, and a run has many sessions: it has so many locks, and every session takes a free
 * one. The run lives while any of them is held.
 */
const RUN_LOCKS = 64;
/** Seconds for which another run may commit to the same table. */
const TARGET_WAIT_S = 31_536_000;

function runLock(run: RunId, index: number): string {
  return `ropeway_${run}_${index}`;
}

/** Says that the run lives, as long as the session does. */
export async function lockRun(session: MySqlSession, run: RunId): Promise<void> {
  for (let index = 0; index < RUN_LOCKS; index++) {
    if (await tryLock(session, runLock(run, index))) return;
  }
  // The others say it as well.
}

async function tryLock(session: MySqlSession, name: string): Promise<boolean> {
  const { rows } = await session.query(`SELECT GET_LOCK(${quoteText(name)}, 0)`);
  return rows[0]?.[0] === '1';
}

async function isAlive(session: MySqlSession, run: RunId): Promise<boolean> {
  const locks = Array.from({ length: RUN_LOCKS }, (_, index) => `IS_FREE_LOCK(${quoteText(runLock(run, index))})`);
  const { rows } = await session.query(`SELECT ${locks.join(' + ')}`);
  return Number(rows[0]?.[0]) < RUN_LOCKS;
}

/** Until `unlockTarget`, other runs that commit to the table wait. */
export async function lockTarget(session: MySqlSession, database: string, table: string): Promise<void> {
  await session.query(`SELECT GET_LOCK(${targetLock(database, table)}, ${TARGET_WAIT_S})`);
}

export async function unlockTarget(session: MySqlSession, database: string, table: string): Promise<void> {
  await session.query(`DO RELEASE_LOCK(${targetLock(database, table)})`);
}

function targetLock(database: string, table: string): string {
  const digest = createHash('sha256').update(`${database}\0${table}`).digest('hex');
  return quoteText(`ropeway_${digest.slice(0, 32)}`);
}

export async function tableExists(session: MySqlSession, database: string, table: string): Promise<boolean> {
  const { rows } = await session.query(
    `SELECT 1 FROM information_schema.tables WHERE table_schema = ${quoteText(database)} AND table_name = ${quoteText(table)}`,
  );
  return rows.length > 0;
}

interface Leftover {
  readonly name: string;
  readonly run: RunId;
}

async function marked(session: MySqlSession, database: string, table: string): Promise<readonly Leftover[]> {
  const prefix = names.prefix(table);
  const { rows } = await session.query(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = ${quoteText(database)}
     AND LEFT(table_name, ${[...prefix].length}) = ${quoteText(prefix)} AND table_name LIKE '%\\_ropeway\\_%'`,
  );
  return rows.flatMap(([name]): Leftover[] => {
    const run = names.parse(table, name ?? '')?.run;
    return name === null || name === undefined || run === undefined ? [] : [{ name, run }];
  });
}

/** Takes away the tables of the run, whatever is left of them. */
export async function dropRun(session: MySqlSession, database: string, table: string, run: RunId): Promise<void> {
  for (const { name, run: owner } of await marked(session, database, table)) {
    if (owner === run) await session.query(`DROP TABLE IF EXISTS ${quoteTable(database, name)}`);
  }
}

/** Takes away what runs that died have left: those whose locks nobody holds. */
export async function dropLeftovers(
  session: MySqlSession,
  database: string,
  table: string,
  log: Logger,
): Promise<void> {
  for (const { name, run } of await marked(session, database, table)) {
    if (await isAlive(session, run)) continue;
    try {
      await session.query(`DROP TABLE IF EXISTS ${quoteTable(database, name)}`);
      log.info('Removed an intermediate table of a run that had died.', { table: name });
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      const reason = error.message;
      log.warn('An intermediate table of a run that had died cannot be removed.', { table: name, reason });
    }
  }
}
