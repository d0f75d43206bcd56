/**
 * What there is to choose: databases, tables and views, columns. Pages go on behind a name; names are compared by their
 * bytes.
 */
import type { BrowseRequest, Entry, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import type { Json } from '#spi/json.ts';
import { RUN_NAME_END } from '#connectors/sql/run-names.ts';
import { MySqlSession } from './client.ts';
import type { TextRow } from './results.ts';
import type { MysqlConnectionConfig } from './connection-config.ts';
import { mysqlErrors } from './errors.ts';
import { tableExists } from './intermediate.ts';
import { quoteText } from './sql.ts';

/** Entries of a page at most, whatever is asked for. */
const PAGE_MAX = 10_000;

export async function browse(config: MysqlConnectionConfig, request: BrowseRequest, ctx: Context): Promise<EntryPage> {
  const [database, table] = request.path;
  if (request.path.length > 2) throw nothing(`level below the columns of a table: ${request.path.join(', ')}`);
  await using session = await MySqlSession.open(config, ctx);
  if (database === undefined) return await page(session, databases, request);
  if (!(await databaseExists(session, database))) throw nothing(`database '${database}'`);
  if (table === undefined) return await tablePage(session, database, request);
  if (!(await tableExists(session, database, table))) {
    throw nothing(`table or view '${table}' in the database '${database}'`);
  }
  return await page(session, columnsOf(database, table), request);
}

/** One level: rows of a name and what its entry is made of, of which `name` is the SQL of the name. */
interface Level {
  readonly name: string;
  readonly sql: string;
  entry(name: string, values: TextRow): Entry;
}

const databases: Level = {
  name: 'schema_name',
  sql: `SELECT schema_name, default_character_set_name FROM information_schema.schemata
    WHERE schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')`,
  entry: (name, [charset]) => ({ name, kind: 'database', isContainer: true, ...detailed({ charset }) }),
};

function tablesOf(database: string, names: readonly string[]): Level {
  const some = ` AND BINARY table_name IN (${names.map(quoteText).join(', ')})`;
  return {
    name: 'table_name',
    sql: `SELECT table_name, table_type, engine, table_rows, data_length, table_comment FROM information_schema.tables
      WHERE table_schema = ${quoteText(database)}${some}`,
    entry: (name, [type, engine, rows, bytes, comment]) => ({
      name,
      kind: type?.includes('VIEW') === true ? 'view' : 'table',
      isContainer: true,
      ...detailed({
        engine,
        estimatedRows: rows === null || rows === undefined ? undefined : Number(rows),
        sizeBytes: bytes === null || bytes === undefined ? undefined : Number(bytes),
        comment: comment === '' || comment === 'VIEW' ? undefined : comment,
      }),
    }),
  };
}

/**
 * Only the names of a page are looked into: what the server says of a table costs it the opening of its files.
 * Intermediate tables of runs come and go: they are nobody's to choose.
 */
async function tablePage(session: MySqlSession, database: string, request: BrowseRequest): Promise<EntryPage> {
  const names = await page(
    session,
    {
      name: 'table_name',
      sql: `SELECT table_name FROM information_schema.tables WHERE table_schema = ${quoteText(database)}
        AND table_name NOT REGEXP ${quoteText(RUN_NAME_END)}`,
      entry: (name) => ({ name, kind: 'table', isContainer: true }),
    },
    request,
  );
  if (names.entries.length === 0) return names;
  const wanted = names.entries.map(({ name }) => name);
  const entries: Entry[] = [];
  for (let at = 0; at < wanted.length; at += NAMES_AT_ONCE) {
    const some = wanted.slice(at, at + NAMES_AT_ONCE);
    const level = tablesOf(database, some);
    const { rows } = await session.query(level.sql);
    const known = new Map(rows.map(([name, ...values]) => [name, values]));
    // One that has gone meanwhile is left out.
    entries.push(...some.flatMap((name) => (known.has(name) ? [level.entry(name, known.get(name) ?? [])] : [])));
  }
  return names.next === undefined ? { entries } : { entries, next: names.next };
}

const NAMES_AT_ONCE = 500;

function columnsOf(database: string, table: string): Level {
  return {
    name: 'c.column_name',
    sql: `SELECT c.column_name, c.column_type, c.is_nullable, c.ordinal_position, s.seq_in_index, c.column_default,
        c.column_comment
      FROM information_schema.columns AS c LEFT JOIN information_schema.statistics AS s
        ON s.table_schema = c.table_schema AND s.table_name = c.table_name AND s.column_name = c.column_name
        AND s.index_name = 'PRIMARY'
      WHERE c.table_schema = ${quoteText(database)} AND c.table_name = ${quoteText(table)}`,
    entry: (name, [type, nullable, position, keyPosition, preset, comment]) => ({
      name,
      kind: 'column',
      isContainer: false,
      ...detailed({
        type,
        isNullable: nullable === 'YES',
        position: Number(position),
        primaryKeyPosition: keyPosition === null || keyPosition === undefined ? undefined : Number(keyPosition),
        default: preset === 'NULL' ? undefined : preset,
        comment: comment === '' ? undefined : comment,
      }),
    }),
  };
}

/** What is known of the details. */
function detailed(details: Readonly<Record<string, Json | undefined>>): Pick<Entry, 'details'> {
  const known = Object.entries(details).filter((entry): entry is [string, Json] => (entry[1] ?? null) !== null);
  return known.length === 0 ? {} : { details: Object.fromEntries(known) };
}

async function page(
  session: MySqlSession,
  level: Level,
  { after, limit, prefix = '' }: BrowseRequest,
): Promise<EntryPage> {
  const count = Math.max(1, Math.min(limit, PAGE_MAX));
  const name = `BINARY ${level.name}`;
  const conditions = [
    ...(after === undefined ? [] : [`${name} > BINARY ${quoteText(after)}`]),
    ...(prefix === '' ? [] : [`LEFT(${level.name}, ${[...prefix].length}) = BINARY ${quoteText(prefix)}`]),
  ];
  const sql = [level.sql, ...conditions].join(' AND ');
  const { rows } = await session.query(`${sql} ORDER BY ${name} LIMIT ${count + 1}`);
  const entries = rows.slice(0, count).map(([found, ...values]) => level.entry(found ?? '', values));
  const last = entries.at(-1);
  return rows.length > count && last !== undefined ? { entries, next: last.name } : { entries };
}

async function databaseExists(session: MySqlSession, database: string): Promise<boolean> {
  const { rows } = await session.query(
    `SELECT 1 FROM information_schema.schemata WHERE schema_name = ${quoteText(database)}`,
  );
  return rows.length > 0;
}

function nothing(what: string): Error {
  return mysqlErrors.error('MYSQL_NOTHING_THERE', { what });
}
