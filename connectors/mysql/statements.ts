/** The statements of an input: one for its columns, and for each task one for its rows. */
import type { Context } from '#spi/context.ts';
import { checkLastRecord, replacePlaceholders } from '#connectors/sql/read-options.ts';
import type { MySqlSession } from './client.ts';
import { conditionAfter, configError, literal, opaque, orderOf } from './incremental.ts';
import type { IncrementalColumn } from './incremental.ts';
import type { MysqlInputConfig } from './input-config.ts';
import { keyRanges } from './key-ranges.ts';
import { quoteTable } from './sql.ts';
import { findTable, primaryKey } from './tables.ts';

/** A statement whose columns are those of the rows, and what makes it the statements for the rows. */
export interface Statement {
  readonly sql: string;
  /** Names of the incremental columns, as configured. */
  readonly incremental: readonly string[];
  rows(incremental: readonly IncrementalColumn[]): readonly string[];
}

export async function baseStatement(session: MySqlSession, config: MysqlInputConfig, ctx: Context): Promise<Statement> {
  if (config.query !== undefined) return queryStatement(config.query, config);
  return tableStatement(session, config, ctx);
}

async function tableStatement(session: MySqlSession, config: MysqlInputConfig, ctx: Context): Promise<Statement> {
  const { database, table = '', select, where, order_by: order, last_record: last } = config;
  const found = await findTable(session, database, table);
  const base = `SELECT ${select} FROM ${quoteTable(database, found ?? table)}`;
  const condition = where === undefined ? [] : [`(${where}\n)`];
  const sql = (conditions: readonly string[], orderBy?: string): string =>
    `${base}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}` +
    (orderBy === undefined ? '' : ` ORDER BY ${orderBy}`);
  const plain = sql(condition, order);
  // A table that does not exist is the server's to complain about.
  if (found === undefined) return { sql: plain, incremental: [], rows: () => [plain] };
  if (!config.incremental) {
    const ranges = await keyRanges(session, config, found, ctx);
    if (ranges.length > 1) {
      ctx.log.warn('Each task reads its own snapshot: what changes meanwhile may be seen by some of them.', {
        tasks: ranges.length,
      });
    }
    const parts = ranges.map((range) => sql([...condition, range], order));
    return { sql: plain, incremental: [], rows: () => (parts.length === 0 ? [plain] : parts) };
  }
  let incremental: readonly string[] = config.incremental_columns;
  if (incremental.length === 0) {
    incremental = await primaryKey(session, database, found);
    if (incremental.length === 0) {
      const reason = `\`incremental\` needs \`incremental_columns\`, for the table ${found} has no primary key`;
      throw configError(reason, 'incremental');
    }
    ctx.log.info('Using primary keys as incremental_columns.', { columns: incremental });
  }
  return {
    sql: plain,
    incremental,
    rows: (columns) => {
      checkLastRecord(last, columns.length, configError);
      const after = last === undefined ? [] : [`(${conditionAfter(columns, last)})`];
      return [sql([...condition, ...after], orderOf(columns))];
    },
  };
}

function queryStatement(query: string, config: MysqlInputConfig): Statement {
  const { incremental, incremental_columns: names, last_record: last } = config;
  const plain = query.replace(/[\s;]+$/, '');
  if (!incremental) return { sql: plain, incremental: [], rows: () => [plain] };
  if (config.use_raw_query_with_incremental) {
    const values = new Map(names.map((name, index) => [name, `(${literal(last?.[index] ?? null)})`]));
    const { sql } = replacePlaceholders(plain, values, opaque);
    return { sql, incremental: names, rows: () => [sql] };
  }
  return {
    sql: plain,
    incremental: names,
    rows: (columns) => {
      const after = last === undefined ? '' : ` WHERE ${conditionAfter(columns, last)}`;
      return [`SELECT * FROM (\n${plain}\n) AS ropeway_rows${after} ORDER BY ${orderOf(columns)}`];
    },
  };
}
