/** The statements that bring rows from intermediate tables into the target. */
import { quoteName } from './sql.ts';
import { columnList } from './target-columns.ts';
import type { TargetColumn } from './target-columns.ts';

export function unionOf(tables: readonly string[], list: string): string {
  return tables.map((table) => `SELECT ${list} FROM ${table}`).join(' UNION ALL ');
}

export function insertSql(target: string, tables: readonly string[], columns: readonly TargetColumn[]): string {
  const list = columnList(columns);
  return `INSERT INTO ${target} (${list}) ${unionOf(tables, list)}`;
}

/** Counts rows of which a key is null: they match nothing, not even each other. */
export function nullKeysSql(tables: readonly string[], keys: readonly string[]): string {
  const condition = keys.map((key) => `${quoteName(key)} IS NULL`).join(' OR ');
  return `SELECT count(*) FROM (${unionOf(tables, keys.map(quoteName).join(', '))}) AS s WHERE ${condition}`;
}

export interface Merge {
  readonly target: string;
  readonly tables: readonly string[];
  readonly columns: readonly TargetColumn[];
  readonly keys: readonly string[];
  readonly rule: readonly string[] | undefined;
}

/**
 * Updates rows whose keys exist, inserts the others. Of several new rows with the same keys the last one counts: the
 * last of the last task. (A table that one COPY has filled has its rows in order of `ctid`.)
 */
export function mergeSql({ target, tables, columns, keys, rule }: Merge): string {
  const list = columnList(columns);
  const keyList = keys.map(quoteName).join(', ');
  const numbered = tables.map(
    (table, index) => `SELECT ${index} AS ropeway_task, ctid AS ropeway_row, ${list} FROM ${table}`,
  );
  const source =
    `SELECT DISTINCT ON (${keyList}) ${list} FROM (${numbered.join(' UNION ALL ')}) AS n ` +
    `ORDER BY ${keyList}, ropeway_task DESC, ropeway_row DESC`;
  const same = (left: string, right: string): string =>
    keys.map((key) => `${left}.${quoteName(key)} = ${right}.${quoteName(key)}`).join(' AND ');
  const others = columns.filter(({ name }) => !keys.includes(name));
  const assignments = rule ?? others.map(({ name }) => `${quoteName(name)} = S.${quoteName(name)}`);
  const returned = keys.map((key) => `S.${quoteName(key)}`).join(', ');
  const updated =
    assignments.length === 0
      ? `SELECT ${returned} FROM ${target}, S WHERE ${same(target, 'S')}`
      : `UPDATE ${target} SET ${assignments.join(', ')} FROM S WHERE ${same(target, 'S')} RETURNING ${returned}`;
  return (
    `WITH S AS (${source}), U AS (${updated}) ` +
    `INSERT INTO ${target} (${list}) SELECT ${list} FROM S WHERE NOT EXISTS (SELECT 1 FROM U WHERE ${same('U', 'S')})`
  );
}
