/** The one transaction in which the rows of all tasks become visible. It may be repeated: it does its work once. */
import type { Logger } from '#spi/context.ts';
import type { Report } from '#spi/records.ts';
import type { PgSession } from './client.ts';
import { insertSql, mergeSql, nullKeysSql } from './commit-sql.ts';
import type { PostgresqlOutputConfig } from './config.ts';
import { postgresErrors } from './errors.ts';
import { DONE, lockRun, lockTarget, names, tableExists } from './intermediate.ts';
import { createSql, isolationOf } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { quoteName, quoteTable } from './sql.ts';

interface TaskRows {
  readonly name: string;
  /** As SQL. */
  readonly table: string;
  readonly rows: number;
}

interface Load {
  readonly session: PgSession;
  readonly config: PostgresqlOutputConfig;
  readonly plan: LoadPlan;
  readonly target: string;
  readonly tasks: readonly TaskRows[];
}

export async function commitLoad(
  session: PgSession,
  config: PostgresqlOutputConfig,
  plan: LoadPlan,
  reports: readonly Report[],
): Promise<void> {
  const { mode } = config;
  // As in Embulk: an input without tasks leaves the table as it is.
  if (reports.length === 0 && mode !== 'replace') return;
  const target = quoteTable(config.schema, plan.table);
  const tasks = reports.map((report): TaskRows => {
    const name = names.name(plan.table, plan.run, Number(report['task']));
    return { name, table: quoteTable(plan.workSchema, name), rows: Number(report['rows']) };
  });
  const load: Load = { session, config, plan, target, tasks };
  await lockRun(session, plan.run);
  await session.query(`BEGIN${isolationOf(config)}`);
  await lockTarget(session, target);
  const done = names.name(plan.table, plan.run, DONE);
  if (await tableExists(session, plan.workSchema, done)) {
    await session.query('ROLLBACK');
    return;
  }
  await checkTables(load);
  if (mode === 'replace') await replaceTarget(load);
  else await fillTarget(load);
  if (config.after_load !== undefined) await session.query(config.after_load);
  for (const { table } of tasks) await session.query(`DROP TABLE IF EXISTS ${table}`);
  await session.query(`CREATE TABLE ${quoteTable(plan.workSchema, done)} ()`);
  await session.query('COMMIT', undefined, { table: plan.table });
}

/**
 * In direct modes the rows are there already: what is left is `after_load`, which is to run once as well. The mark
 * needs the right to make tables, which these modes do not ask for otherwise.
 */
export async function commitDirect(
  session: PgSession,
  config: PostgresqlOutputConfig,
  plan: LoadPlan,
  log: Logger,
): Promise<void> {
  const { after_load: after = '' } = config;
  const done = names.name(plan.table, plan.run, DONE);
  const { rows } = await session.query("SELECT has_schema_privilege($1, 'CREATE')", [plan.workSchema]);
  const canMark = rows[0]?.[0] === 't';
  await session.query('BEGIN');
  await lockTarget(session, quoteTable(config.schema, plan.table));
  if (await tableExists(session, plan.workSchema, done)) {
    await session.query('ROLLBACK');
    return;
  }
  if (!canMark) {
    const text =
      'Without the right to make tables there is no mark of a commit: `after_load` may run again after a crash.';
    log.warn(text, { schema: plan.workSchema });
  }
  await session.query(after);
  if (canMark) await session.query(`CREATE TABLE ${quoteTable(plan.workSchema, done)} ()`);
  await session.query('COMMIT', undefined, { table: plan.table });
}

async function checkTables({ session, plan, tasks }: Load): Promise<void> {
  for (const { name, rows } of tasks) {
    if (await tableExists(session, plan.workSchema, name)) continue;
    throw postgresErrors.error('PG_INTERMEDIATE_GONE', { table: name, found: 0, expected: rows });
  }
}

async function fillTarget({ session, config, plan, target, tasks }: Load): Promise<void> {
  const { mode, before_load: before, merge_rule: rule } = config;
  const { columns, keys } = plan;
  const tables = tasks.map(({ table }) => table);
  const place = { table: plan.table };
  if (plan.isNew) await session.query(createSql(target, columns, config));
  if (mode === 'truncate_insert') await session.query(`DELETE FROM ${target}`, undefined, place);
  if (before !== undefined) await session.query(before);
  if (mode !== 'merge') {
    await insertAll({ session, config, plan, target, tasks });
    return;
  }
  const { rows } = await session.query(tables.map((table) => `SELECT count(*) FROM ${table}`).join(' UNION ALL '));
  checkCount(
    tasks,
    rows.reduce((sum, [count]) => sum + Number(count), 0),
  );
  await checkNoNullKeys(session, plan, tables);
  await session.query(mergeSql({ target, tables, columns, keys, rule }), undefined, place);
}

/**
 * The old table is dropped and the new one takes its name, both at the commit: readers see the one or the other. They
 * wait only for the swap, for the rows have been brought together before it.
 */
async function replaceTarget(load: Load): Promise<void> {
  const { session, config, plan, target, tasks } = load;
  const [first, ...others] = tasks;
  const place = { table: plan.table };
  if (first === undefined || config.create_table_constraint !== undefined) {
    // Names in a constraint are free only when the old table has gone.
    await session.query(`DROP TABLE IF EXISTS ${target}`, undefined, place);
    await session.query(createSql(target, plan.columns, config), undefined, place);
    await insertAll(load);
    return;
  }
  await insertAll({ ...load, target: first.table, tasks: others });
  await session.query(`DROP TABLE IF EXISTS ${target}`, undefined, place);
  await session.query(`ALTER TABLE ${first.table} RENAME TO ${quoteName(plan.table)}`, undefined, place);
}

async function insertAll({ session, plan, target, tasks }: Load): Promise<void> {
  if (tasks.length === 0) return;
  const tables = tasks.map(({ table }) => table);
  const { count } = await session.query(insertSql(target, tables, plan.columns), undefined, { table: plan.table });
  checkCount(tasks, count);
}

/** Tables without a log are empty after a crash of the server: that must not pass for a run without rows. */
function checkCount(tasks: readonly TaskRows[], found: number): void {
  const expected = tasks.reduce((sum, { rows }) => sum + rows, 0);
  if (found === expected) return;
  const table = tasks.map(({ name }) => name).join(', ');
  throw postgresErrors.error('PG_INTERMEDIATE_GONE', { table, found, expected });
}

/** Rows without a key match nothing: each run would insert them once more. */
export async function checkNoNullKeys(session: PgSession, plan: LoadPlan, tables: readonly string[]): Promise<void> {
  const { rows } = await session.query(nullKeysSql(tables, plan.keys));
  const count = Number(rows[0]?.[0]);
  if (count === 0) return;
  throw postgresErrors.error('PG_MERGE_KEY_NULL', { table: plan.table, rows: count }, { where: { table: plan.table } });
}
