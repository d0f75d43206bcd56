/**
 * The commit, in which the rows of all tasks become visible: in one transaction, or by an exchange of names, which is
 * atomic as well. It may be repeated after a crash at any point: a table of the run notes what is done.
 */
import type { Logger } from '#spi/context.ts';
import type { Report } from '#spi/records.ts';
import type { MySqlSession } from './client.ts';
import { createSql, insertSql, mergeSql } from './commit-sql.ts';
import { mysqlErrors } from './errors.ts';
import { lockRun, lockTarget, names, tableExists, unlockTarget } from './intermediate.ts';
import { checkTarget } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import type { MysqlOutputConfig } from './output-config.ts';
import { quoteTable } from './sql.ts';

interface TaskRows {
  readonly name: string;
  /** As SQL. */
  readonly table: string;
  readonly rows: number;
}

interface Commit {
  readonly session: MySqlSession;
  readonly config: MysqlOutputConfig;
  readonly plan: LoadPlan;
  readonly target: string;
  readonly tasks: readonly TaskRows[];
  /** Holds the steps that are done. */
  readonly done: string;
}

/** The rows are where they belong. */
const FILLED = 1;
/** What comes after an exchange is done, too. */
const FINISHED = 2;

export async function commitLoad(
  session: MySqlSession,
  config: MysqlOutputConfig,
  plan: LoadPlan,
  reports: readonly Report[],
  log: Logger,
): Promise<void> {
  const { mode, database } = config;
  // As in Embulk: an input without tasks leaves the table as it is.
  if (reports.length === 0 && mode !== 'replace') return;
  const nameOf = (purpose: string | number): string => names.name(plan.table, plan.run, purpose);
  const tasks = reports.map((report): TaskRows => {
    const name = nameOf(Number(report['task']));
    return { name, table: quoteTable(plan.workDatabase, name), rows: Number(report['rows']) };
  });
  const target = quoteTable(database, plan.table);
  const done = quoteTable(plan.workDatabase, nameOf('done'));
  const commit: Commit = { session, config, plan, target, tasks, done };
  await lockRun(session, plan.run);
  await lockTarget(session, database, plan.table);
  try {
    await session.query(`CREATE TABLE IF NOT EXISTS ${done} (step INT NOT NULL) ENGINE=InnoDB`);
    if (mode === 'replace') await replaceTarget(commit, log);
    else await addToTarget(commit, log);
    for (const { table } of tasks) await session.query(`DROP TABLE IF EXISTS ${table}`);
  } finally {
    await unlockTarget(session, database, plan.table).catch(() => {});
  }
}

async function isDone({ session, done }: Commit, step: number): Promise<boolean> {
  const { rows } = await session.query(`SELECT 1 FROM ${done} WHERE step = ${step}`);
  return rows.length > 0;
}

/** All of it or nothing, and noted with it. */
async function once(commit: Commit, step: number, work: () => Promise<void>): Promise<void> {
  const { session, done, plan } = commit;
  if (await isDone(commit, step)) return;
  await session.query('START TRANSACTION');
  try {
    await work();
    await session.query(`INSERT INTO ${done} VALUES (${step})`);
    await session.query('COMMIT', { table: plan.table });
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function addToTarget(commit: Commit, log: Logger): Promise<void> {
  const { session, config, plan, target, tasks } = commit;
  const { database, before_load: before, after_load: after } = config;
  const fresh = names.name(plan.table, plan.run, 'fresh');
  const isThere = await tableExists(session, database, plan.table);
  if (!isThere && before === undefined && after === undefined) {
    await fillFresh(commit, fresh);
    return;
  }
  if (await isDone(commit, FILLED)) return;
  await checkTables(commit, tasks);
  if (!isThere) await session.query(createSql(target, plan.columns, config));
  else await checkTarget(session, config, plan.table, { log });
  await once(commit, FILLED, () => fill(commit, target));
}

/** A table that did not exist appears with its rows. */
async function fillFresh(commit: Commit, name: string): Promise<void> {
  const { session, config, plan, target, tasks } = commit;
  const fresh = quoteTable(config.database, name);
  if (!(await isDone(commit, FILLED))) {
    await checkTables(commit, tasks);
    await session.query(`DROP TABLE IF EXISTS ${fresh}`);
    await session.query(createSql(fresh, plan.columns, config));
    await once(commit, FILLED, () => fill(commit, fresh));
  }
  if (await tableExists(session, config.database, name)) await session.query(`RENAME TABLE ${fresh} TO ${target}`);
}

async function fill(commit: Commit, target: string): Promise<void> {
  const { session, config, plan, tasks } = commit;
  const place = { table: plan.table };
  if (config.mode === 'truncate_insert') await session.query(`DELETE FROM ${target}`, place);
  if (config.before_load !== undefined) await session.query(config.before_load);
  for (const task of tasks) {
    if (config.mode === 'merge') {
      checkCount(task, await countOf(session, task.table));
      await session.query(mergeSql(target, task.table, plan.columns, config.merge_rule), place);
    } else {
      checkCount(task, (await session.query(insertSql(target, task.table, plan.columns), place)).count);
    }
  }
  if (config.after_load !== undefined) await session.query(config.after_load);
}

async function countOf(session: MySqlSession, table: string): Promise<number> {
  const { rows } = await session.query(`SELECT count(*) FROM ${table}`);
  return Number(rows[0]?.[0]);
}

/** The first task's table becomes the target: the old one and the new one change their names in one step. */
async function replaceTarget(commit: Commit, log: Logger): Promise<void> {
  const { session, config, plan, target, tasks } = commit;
  const { database } = config;
  const firstName = names.name(plan.table, plan.run, 0);
  const first = quoteTable(database, firstName);
  const old = quoteTable(database, names.name(plan.table, plan.run, 'old'));
  if (!(await isDone(commit, FILLED))) {
    if (tasks.length === 0) {
      await session.query(`DROP TABLE IF EXISTS ${first}`);
      await session.query(createSql(first, plan.columns, config));
    }
    await checkTables(commit, tasks);
    const others = tasks.filter(({ name }) => name !== firstName);
    await once(commit, FILLED, () => fill({ ...commit, config: { ...config, ...onlyRows }, tasks: others }, first));
  }
  // Gone when the names have been exchanged.
  if (await tableExists(session, database, firstName)) {
    if (await tableExists(session, database, plan.table)) {
      await checkTarget(session, config, plan.table, { log });
      await session.query(`RENAME TABLE ${target} TO ${old}, ${first} TO ${target}`, { table: plan.table });
    } else {
      await session.query(`RENAME TABLE ${first} TO ${target}`, { table: plan.table });
    }
  }
  await session.query(`DROP TABLE IF EXISTS ${old}`);
  const { after_load: after } = config;
  if (after !== undefined) await once(commit, FINISHED, async () => void (await session.query(after)));
}

const onlyRows = { mode: 'insert', before_load: undefined, after_load: undefined } as const;

async function checkTables({ session, plan }: Commit, tasks: readonly TaskRows[]): Promise<void> {
  for (const { name, rows } of tasks) {
    if (await tableExists(session, plan.workDatabase, name)) continue;
    throw mysqlErrors.error('MYSQL_INTERMEDIATE_GONE', { table: name, found: 0, expected: rows });
  }
}

/** A server that crashed may have lost what it had said to be there: that must not pass for a run without rows. */
function checkCount({ name, rows: expected }: TaskRows, found: number): void {
  if (found === expected) return;
  throw mysqlErrors.error('MYSQL_INTERMEDIATE_GONE', { table: name, found, expected });
}
