/** What is decided before the first row: the table, its columns, and that the server will take what comes. */
import type { Context } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { newRunId } from '#connectors/sql/run-names.ts';
import type { RunId } from '#connectors/sql/run-names.ts';
import type { PgSession } from './client.ts';
import { insertSql, mergeSql } from './commit-sql.ts';
import type { PostgresqlOutputConfig } from './config.ts';
import { postgresErrors } from './errors.ts';
import { dropLeftovers, lockTarget, names } from './intermediate.ts';
import { quoteTable } from './sql.ts';
import { columnDefinitions, matchColumns, newColumns, targetColumns } from './target-columns.ts';
import type { ColumnMatch, TargetColumn } from './target-columns.ts';
import { findTable, matchName, primaryKey, tableColumns } from './tables.ts';

// Types, not interfaces: a plan is plain JSON.
export type LoadPlan = {
  readonly run: RunId;
  /** The name of the target as the database has it or will have it. */
  readonly table: string;
  /** Where the intermediate tables are. */
  readonly workSchema: string;
  /** The table is made by the commit. */
  readonly isNew: boolean;
  readonly columns: readonly TargetColumn[];
  /** For the merge modes. */
  readonly keys: readonly string[];
};

export function isDirect({ mode }: PostgresqlOutputConfig): boolean {
  return mode === 'insert_direct' || mode === 'merge_direct';
}

function isMerge({ mode }: PostgresqlOutputConfig): boolean {
  return mode === 'merge' || mode === 'merge_direct';
}

export function isolationOf({ transaction_isolation: level }: PostgresqlOutputConfig): string {
  return level === undefined ? '' : ` ISOLATION LEVEL ${level.replace('_', ' ').toUpperCase()}`;
}

/** CREATE TABLE of the target. */
export function createSql(
  target: string,
  columns: readonly { readonly name: string; readonly sqlType: string }[],
  config: PostgresqlOutputConfig,
): string {
  const { create_table_constraint: constraint, create_table_option: option } = config;
  const inside = constraint === undefined ? '' : `, ${constraint}`;
  return `CREATE TABLE IF NOT EXISTS ${target} (${columnDefinitions(columns)}${inside})${option === undefined ? '' : ` ${option}`}`;
}

export function checkOutputOptions({ mode, before_load: before }: PostgresqlOutputConfig): void {
  if (mode !== 'replace' || before === undefined) return;
  const reason = '`before_load` has nothing to act on with `mode: replace`';
  throw postgresErrors.error('PG_CONFIG', { reason }, { where: { path: ['before_load'] } });
}

export async function planLoad(
  session: PgSession,
  config: PostgresqlOutputConfig,
  schema: Schema,
  ctx: Context,
): Promise<LoadPlan> {
  const found = await findTable(session, config.schema, config.table);
  const table = found ?? config.table;
  const isNew = found === undefined || config.mode === 'replace';
  const workSchema = config.mode === 'replace' ? config.schema : (config.temp_schema ?? config.schema);
  // The clock's time, for the run's own may be set by a config: leftovers are judged by their age.
  const run = newRunId(Date.now());
  await dropLeftovers(session, workSchema, table, ctx.log);
  const target = quoteTable(config.schema, table);
  const matches = isNew
    ? newColumns(schema, config)
    : matchColumns(schema, config, table, await tableColumns(session, target));
  const keys = isMerge(config) ? await mergeKeys(session, config, { target, isNew, matches }) : [];
  const plan = { run, table, workSchema, isNew, keys };
  return {
    ...plan,
    columns: await tryOut(session, config, { ...plan, columns: matches, hasTarget: found !== undefined }),
  };
}

interface Trial extends Omit<LoadPlan, 'columns'> {
  readonly columns: readonly ColumnMatch[];
  readonly hasTarget: boolean;
}

/**
 * Makes the tables in a transaction that is rolled back, and lets the server look at the statement that will come:
 * wrong types and missing rights show before rows are moved. The types are those that the server made of the config.
 */
async function tryOut(
  session: PgSession,
  config: PostgresqlOutputConfig,
  trial: Trial,
): Promise<readonly TargetColumn[]> {
  const target = quoteTable(config.schema, trial.table);
  // A failure ends the session, and the transaction with it.
  await session.query('BEGIN');
  if (!trial.hasTarget) {
    // Two runs that make the same table at the same moment would fail each other.
    await lockTarget(session, target);
    await session.query(createSql(target, trial.columns, config));
  }
  const work = isDirect(config)
    ? 'pg_temp.ropeway_trial'
    : quoteTable(trial.workSchema, names.name(trial.table, trial.run, 0));
  await session.query(`CREATE ${isDirect(config) ? 'TEMP ' : ''}TABLE ${work} (${columnDefinitions(trial.columns)})`);
  const columns = targetColumns(trial.columns, await tableColumns(session, work), config);
  const merge = { target, tables: [work], columns, keys: trial.keys, rule: config.merge_rule };
  const sql = isMerge(config) ? mergeSql(merge) : insertSql(target, [work], columns);
  if (config.mode !== 'replace') await session.query(`EXPLAIN ${sql}`);
  await session.query('ROLLBACK');
  return columns;
}

interface MergeTarget {
  readonly target: string;
  readonly isNew: boolean;
  readonly matches: readonly ColumnMatch[];
}

async function mergeKeys(
  session: PgSession,
  config: PostgresqlOutputConfig,
  { target, isNew, matches }: MergeTarget,
): Promise<readonly string[]> {
  const where = { where: { path: ['merge_keys'], table: config.table } };
  const names = matches.map(({ name }) => name);
  const wanted = config.merge_keys ?? (isNew ? [] : await primaryKey(session, target));
  if (wanted.length === 0) {
    const reason = 'it has no primary key, and `merge_keys` is not set';
    throw postgresErrors.error('PG_MERGE_KEYS', { table: config.table, reason }, where);
  }
  return wanted.map((key) => {
    const name = matchName(key, names, ['merge_keys']);
    if (name !== undefined) return name;
    const reason = `the key '${key}' is not among the columns that are loaded (${names.join(', ')})`;
    throw postgresErrors.error('PG_MERGE_KEYS', { table: config.table, reason }, where);
  });
}
