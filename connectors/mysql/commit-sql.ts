/** The statements that bring rows from intermediate tables into the target. */
import type { MysqlOutputConfig } from './output-config.ts';
import { quoteName } from './sql.ts';
import { columnDefinitions, columnList } from './target-columns.ts';

interface Named {
  readonly name: string;
}

/** Numbers the rows of a task, where their order counts. */
export const ROW_NUMBER = '`ropeway_row`';

/** CREATE TABLE of the target. */
export function createSql(
  target: string,
  columns: readonly { readonly name: string; readonly sqlType: string }[],
  config: MysqlOutputConfig,
): string {
  const { create_table_constraint: constraint, create_table_option: option } = config;
  const inside = constraint === undefined ? '' : `, ${constraint}`;
  return `CREATE TABLE ${target} (${columnDefinitions(columns)}${inside})${option === undefined ? '' : ` ${option}`}`;
}

/** CREATE TABLE of a task's table: it takes NULL everywhere, has no keys, and knows transactions. */
export function createWorkSql(
  table: string,
  columns: readonly { readonly name: string; readonly sqlType: string }[],
  isOrdered: boolean,
): string {
  const number = isOrdered ? `, ${ROW_NUMBER} BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY` : '';
  return `TABLE ${table} (${columnDefinitions(columns.map(plain))}${number}) ENGINE=InnoDB`;
}

/** Without what belongs to the target alone. */
function plain({ name, sqlType }: { readonly name: string; readonly sqlType: string }): {
  name: string;
  sqlType: string;
} {
  const type = sqlType.replace(/\s+(?:NOT\s+NULL|AUTO_INCREMENT|(?:PRIMARY|UNIQUE)(?:\s+KEY)?)\b/gi, '');
  return { name, sqlType: /\bNULL\b/i.test(type) ? type : `${type} NULL` };
}

export function insertSql(target: string, table: string, columns: readonly Named[]): string {
  const list = columnList(columns);
  return `INSERT INTO ${target} (${list}) SELECT ${list} FROM ${table}`;
}

/** Updates rows whose keys exist, inserts the others, in the order of the task: the last one of several wins. */
export function mergeSql(
  target: string,
  table: string,
  columns: readonly Named[],
  rule: readonly string[] | undefined,
): string {
  const list = columnList(columns);
  const insert = `INSERT INTO ${target} (${list})`;
  if (rule === undefined) {
    const assignments = columns.map(({ name }) => `${quoteName(name)} = VALUES(${quoteName(name)})`);
    return `${insert} SELECT ${list} FROM ${table} ORDER BY ${ROW_NUMBER} ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`;
  }
  // A name in a rule is the target's: columns of the same name beside it would make it ambiguous.
  const renamed = columns.map(({ name }, index) => `${quoteName(name)} AS ropeway_${index}`);
  const rows = `SELECT ${renamed.join(', ')} FROM ${table} ORDER BY ${ROW_NUMBER} LIMIT ${ALL_ROWS}`;
  return `${insert} SELECT * FROM (${rows}) AS ropeway_rows ON DUPLICATE KEY UPDATE ${rule.join(', ')}`;
}

/** Keeps the order inside a sub-query, which is dropped without a limit. */
const ALL_ROWS = '18446744073709551615';
