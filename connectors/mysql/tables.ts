/** What the catalogue of the database says about tables. */
import { matchName as matchAny, matchTable } from '#connectors/sql/names.ts';
import type { Ambiguous } from '#connectors/sql/names.ts';
import type { MySqlSession } from './client.ts';
import { mysqlErrors } from './errors.ts';
import { quoteText } from './sql.ts';

/**
 * The name of the table as the database has it: the exact one, else that in upper case, else that in lower case;
 * undefined when there is none.
 */
export async function findTable(session: MySqlSession, database: string, table: string): Promise<string | undefined> {
  const upper = table.toUpperCase();
  const lower = table.toLowerCase();
  // One by one: in a list, names that differ in their case alone would be taken for one.
  const names: string[] = [];
  for (const name of new Set([table, upper, lower])) {
    const { rows } = await session.query(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = ${quoteText(database)}
       AND table_name = ${quoteText(name)}`,
    );
    names.push(...rows.map(([found]) => found ?? ''));
  }
  return matchTable(table, names, ambiguous(table, ['table']));
}

/** Names of the columns of the primary key, in its order. */
export async function primaryKey(session: MySqlSession, database: string, table: string): Promise<readonly string[]> {
  const { rows } = await session.query(
    `SELECT column_name FROM information_schema.statistics WHERE table_schema = ${quoteText(database)}
     AND table_name = ${quoteText(table)} AND index_name = 'PRIMARY' ORDER BY seq_in_index`,
  );
  return rows.map(([name]) => name ?? '');
}

/** The name that is meant: the exact one, else the only one that differs in upper and lower case alone. */
export function matchName(
  name: string,
  names: readonly string[],
  path?: readonly (string | number)[],
): string | undefined {
  return matchAny(name, names, ambiguous(name, path));
}

function ambiguous(name: string, path: readonly (string | number)[] | undefined): Ambiguous {
  return (candidates) =>
    mysqlErrors.error(
      'MYSQL_AMBIGUOUS',
      { name, candidates: candidates.join(', ') },
      path === undefined ? {} : { where: { path } },
    );
}
