/** Cuts a table into ranges of a whole-number column, which several tasks read at once. */
import type { Context } from '#spi/context.ts';
import type { MySqlSession } from './client.ts';
import { configError } from './incremental.ts';
import type { MysqlInputConfig } from './input-config.ts';
import { quoteName, quoteTable, quoteText } from './sql.ts';
import { matchName, primaryKey } from './tables.ts';

const wholeTypes: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);

/** Conditions that are true for each row in turn exactly once; none when the table is read in one piece. */
export async function keyRanges(
  session: MySqlSession,
  config: MysqlInputConfig,
  table: string,
  ctx: Context,
): Promise<readonly string[]> {
  const { parallel: tasks, database, where } = config;
  if (tasks === 1 || ctx.isPreview) return [];
  const column = await splitColumn(session, config, table);
  const name = quoteName(column);
  const { rows } = await session.query(
    `SELECT min(${name}), max(${name}) FROM ${quoteTable(database, table)}${where === undefined ? '' : ` WHERE (${where}\n)`}`,
  );
  const [first, last] = rows[0] ?? [];
  if (first === null || first === undefined || last === null || last === undefined) return [];
  const borders = bordersOf(BigInt(first), BigInt(last), tasks);
  // Rows that come meanwhile, below the first or beyond the last, have a range as well.
  return [...borders, undefined].map((border, index) => {
    const from = index === 0 ? undefined : borders[index - 1];
    const conditions = [
      ...(from === undefined ? [] : [`${name} >= ${from}`]),
      ...(border === undefined ? [] : [`${name} < ${border}`]),
    ];
    const range = conditions.length === 0 ? 'TRUE' : conditions.join(' AND ');
    return index === 0 ? `(${range} OR ${name} IS NULL)` : `(${range})`;
  });
}

/** Where the second and each further range begins. */
export function bordersOf(first: bigint, last: bigint, ranges: number): readonly bigint[] {
  const size = last - first + 1n;
  const borders = Array.from({ length: ranges - 1 }, (_, index) => first + (size * BigInt(index + 1)) / BigInt(ranges));
  return borders.filter((border, index) => border > (borders[index - 1] ?? first));
}

async function splitColumn(session: MySqlSession, config: MysqlInputConfig, table: string): Promise<string> {
  const { database } = config;
  const { rows } = await session.query(
    `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = ${quoteText(database)}
     AND table_name = ${quoteText(table)}`,
  );
  const types = new Map(rows.map(([name, type]) => [name ?? '', type ?? '']));
  const keys = config.split_column === undefined ? await primaryKey(session, database, table) : [config.split_column];
  const [key = ''] = keys;
  const column = matchName(key, [...types.keys()], ['split_column']);
  if (keys.length === 1 && column !== undefined && wholeTypes.has(types.get(column) ?? '')) return column;
  const reason =
    config.split_column === undefined
      ? `\`parallel\` needs \`split_column\`, for the primary key of ${table} is not one whole number`
      : `\`split_column\` is '${key}', which is no column of whole numbers of ${table}`;
  throw configError(reason, 'split_column');
}
