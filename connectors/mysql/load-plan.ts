/** What is decided before the first row: the table, its columns, and that the server will take what comes. */
import type { Context } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { newRunId } from '#connectors/sql/run-names.ts';
import type { RunId } from '#connectors/sql/run-names.ts';
import type { MySqlSession } from './client.ts';
import { createSql, createWorkSql, insertSql, mergeSql } from './commit-sql.ts';
import { mysqlErrors } from './errors.ts';
import { configError } from './incremental.ts';
import { dropLeftovers, lockRun, names } from './intermediate.ts';
import type { MysqlOutputConfig } from './output-config.ts';
import { quoteTable, quoteText } from './sql.ts';
import { matchColumns, newColumns, tableColumns, targetColumns } from './target-columns.ts';
import type { ColumnMatch, TargetColumn } from './target-columns.ts';
import { findTable } from './tables.ts';

// Types, not interfaces: a plan is plain JSON.
export type LoadPlan = {
  readonly run: RunId;
  /** The name of the target as the database has it or will have it. */
  readonly table: string;
  /** Where the intermediate tables are. */
  readonly workDatabase: string;
  readonly columns: readonly TargetColumn[];
  /** How rows are sent, and how many bytes of them in one statement at most. */
  readonly dialect: 'load' | 'insert';
  readonly statementBytes: number;
};

/** More do not make a load faster, and wait in memory twice. */
const STATEMENT_BYTES_MAX = 4 * 1024 * 1024;
const STATEMENT_BYTES_MIN = 64 * 1024;

export function isDirect({ mode }: MysqlOutputConfig): boolean {
  return mode === 'insert_direct' || mode === 'merge_direct';
}

export function isMerge({ mode }: MysqlOutputConfig): boolean {
  return mode === 'merge' || mode === 'merge_direct';
}

export function checkOutputOptions({ mode, before_load: before, merge_keys: keys }: MysqlOutputConfig): void {
  if (mode === 'replace' && before !== undefined) {
    throw configError('`before_load` has nothing to act on with `mode: replace`', 'before_load');
  }
  if (keys !== undefined) {
    throw configError('`merge_keys` is not for MySQL, whose tables have unique keys that decide', 'merge_keys');
  }
}

export async function planLoad(
  session: MySqlSession,
  config: MysqlOutputConfig,
  schema: Schema,
  ctx: Context,
): Promise<LoadPlan> {
  const { database, mode } = config;
  const found = await findTable(session, database, config.table);
  const table = found ?? config.table;
  const workDatabase = mode === 'replace' ? database : (config.temp_database ?? database);
  // The clock's time, for the run's own may be set by a config.
  const run = newRunId(Date.now());
  // Before the first table of that name: other runs take away what belongs to nobody.
  await lockRun(session, run);
  for (const place of new Set([workDatabase, database])) await dropLeftovers(session, place, table, ctx.log);
  if (found !== undefined) await checkTarget(session, config, table, ctx);
  const isNew = found === undefined || mode === 'replace';
  const matches = isNew
    ? newColumns(schema, config)
    : matchColumns(schema, config, table, await tableColumns(session, database, table));
  const trial = { run, table, workDatabase, isNew, matches };
  return {
    run,
    table,
    workDatabase,
    columns: await tryOut(session, config, trial),
    ...(await sending(session, config)),
  };
}

async function sending(
  session: MySqlSession,
  { batch_size: batchSize }: MysqlOutputConfig,
): Promise<Pick<LoadPlan, 'dialect' | 'statementBytes'>> {
  const { rows } = await session.query('SELECT @@local_infile, @@max_allowed_packet');
  const [canLoad, packet] = rows[0] ?? [];
  const dialect = canLoad === '1' ? 'load' : 'insert';
  const room = dialect === 'load' ? STATEMENT_BYTES_MAX : Math.floor(Number(packet) / 4);
  const statementBytes = Math.max(STATEMENT_BYTES_MIN, Math.min(STATEMENT_BYTES_MAX, batchSize, room));
  return { dialect, statementBytes };
}

/** Refuses targets that the mode would do harm to. */
export async function checkTarget(
  session: MySqlSession,
  config: MysqlOutputConfig,
  table: string,
  ctx: Pick<Context, 'log'>,
): Promise<void> {
  const { database, mode } = config;
  const where = { where: { path: ['table'], table } };
  const { rows } = await session.query(
    `SELECT t.table_type, t.engine, e.transactions FROM information_schema.tables AS t
     LEFT JOIN information_schema.engines AS e ON e.engine = t.engine
     WHERE t.table_schema = ${quoteText(database)} AND t.table_name = ${quoteText(table)}`,
  );
  const [type, engine, transactions] = rows[0] ?? [];
  if (mode === 'replace') {
    if (type === 'VIEW') throw mysqlErrors.error('MYSQL_NO_TABLE', { table }, where);
    await checkReplaceable(session, database, table, ctx);
  } else if (!isDirect(config) && transactions === 'NO') {
    throw mysqlErrors.error('MYSQL_ENGINE', { table, engine: engine ?? '' }, where);
  }
}

async function checkReplaceable(
  session: MySqlSession,
  database: string,
  table: string,
  { log }: Pick<Context, 'log'>,
): Promise<void> {
  const here = `_schema = ${quoteText(database)} AND`;
  const children = await session.query(
    `SELECT DISTINCT table_name FROM information_schema.key_column_usage WHERE referenced_table${here}
     referenced_table_name = ${quoteText(table)} AND table_name <> ${quoteText(table)}`,
  );
  if (children.rows.length > 0) {
    const params = { table, children: children.rows.flat().join(', ') };
    throw mysqlErrors.error('MYSQL_REFERENCED', params, { where: { path: ['mode'], table } });
  }
  const triggers = await session.query(
    `SELECT trigger_name FROM information_schema.triggers WHERE event_object${here} event_object_table = ${quoteText(table)}`,
  );
  if (triggers.rows.length === 0) return;
  const list = triggers.rows.map(([name]) => name ?? '');
  log.warn('The triggers of the table go with the old table.', { table, triggers: list });
}

interface Trial {
  readonly run: RunId;
  readonly table: string;
  readonly workDatabase: string;
  readonly isNew: boolean;
  readonly matches: readonly ColumnMatch[];
}

/**
 * Makes the tables under names of the run, and lets the server execute the statement that will come, without rows:
 * wrong types and missing rights show before rows are moved. The types are those that the server made of the config.
 */
async function tryOut(
  session: MySqlSession,
  config: MysqlOutputConfig,
  { run, table, workDatabase, isNew, matches }: Trial,
): Promise<readonly TargetColumn[]> {
  const { database } = config;
  const work = names.name(table, run, 'trial');
  const fresh = names.name(table, run, 'fresh');
  const target = quoteTable(database, isNew ? fresh : table);
  const source = quoteTable(workDatabase, work);
  try {
    if (isNew) await session.query(createSql(target, matches, config));
    await session.query(`CREATE ${createWorkSql(source, matches, true)}`);
    const columns = targetColumns(matches, await tableColumns(session, workDatabase, work), config);
    if (isMerge(config)) await checkKeys(session, database, isNew ? fresh : table, config.table);
    const rows = isMerge(config)
      ? mergeSql(target, source, columns, config.merge_rule)
      : insertSql(target, source, columns);
    await session.query(rows);
    return columns;
  } finally {
    // What cannot be removed now is by the end of the run, or by the next one.
    await session.query(`DROP TABLE IF EXISTS ${source}`).catch(() => {});
    if (isNew) await session.query(`DROP TABLE IF EXISTS ${target}`).catch(() => {});
  }
}

async function checkKeys(session: MySqlSession, database: string, table: string, name: string): Promise<void> {
  const { rows } = await session.query(
    `SELECT 1 FROM information_schema.statistics WHERE table_schema = ${quoteText(database)}
     AND table_name = ${quoteText(table)} AND non_unique = 0 LIMIT 1`,
  );
  if (rows.length > 0) return;
  throw mysqlErrors.error('MYSQL_MERGE_KEYS', { table: name }, { where: { path: ['table'], table: name } });
}
