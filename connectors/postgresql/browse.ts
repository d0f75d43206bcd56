/**
 * What there is to choose: databases, schemas, tables and views, columns. Pages go on behind a name, so that each costs
 * the same; names are compared as the catalogue's indexes have them, by their bytes.
 */
import type { BrowseRequest, Entry, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import type { Json } from '#spi/json.ts';
import { RUN_NAME_END } from '#connectors/sql/run-names.ts';
import { PgSession } from './client.ts';
import type { TextRow } from './client.ts';
import type { PostgresqlConnectionConfig } from './config.ts';
import { postgresErrors } from './errors.ts';
import { quoteTable } from './sql.ts';

/** Entries of a page at most, whatever is asked for. */
const PAGE_MAX = 10_000;

export async function browse(
  config: PostgresqlConnectionConfig,
  request: BrowseRequest,
  ctx: Context,
): Promise<EntryPage> {
  const [database] = request.path;
  if (request.path.length > 3) throw nothing(`level below the columns of a table: ${request.path.join(', ')}`);
  const target = database === undefined ? config : { ...config, database };
  await using session = await PgSession.open(target, ctx);
  return await levelPage(session, request);
}

async function levelPage(session: PgSession, request: BrowseRequest): Promise<EntryPage> {
  const [database, schema, table] = request.path;
  if (database === undefined) return page(session, databases, request);
  if (schema === undefined) return page(session, schemas, request);
  if (!(await exists(session, 'SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]))) {
    throw nothing(`schema "${schema}" in the database "${database}"`);
  }
  if (table === undefined) return page(session, tables, request, [schema]);
  const name = quoteTable(schema, table);
  if (!(await exists(session, 'SELECT 1 WHERE to_regclass($1) IS NOT NULL', [name]))) {
    throw nothing(`table or view "${table}" in the schema "${schema}"`);
  }
  return page(session, columns, request, [name]);
}

/** One level: rows of a name and what its entry is made of, of which `name` is the SQL of the name. */
interface Level {
  readonly name: string;
  /** SELECT … FROM … WHERE, with parameters from `$4` on. */
  readonly sql: string;
  entry(name: string, values: TextRow): Entry;
}

const databases: Level = {
  name: 'd.datname',
  sql: `SELECT d.datname, shobj_description(d.oid, 'pg_database') FROM pg_database d
    WHERE d.datallowconn AND NOT d.datistemplate AND has_database_privilege(d.oid, 'CONNECT')`,
  entry: (name, [comment]) => ({ name, kind: 'database', isContainer: true, ...detailed({ comment }) }),
};

const schemas: Level = {
  name: 'n.nspname',
  sql: `SELECT n.nspname, obj_description(n.oid, 'pg_namespace') FROM pg_namespace n
    WHERE NOT starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
    AND has_schema_privilege(n.oid, 'USAGE')`,
  entry: (name, [comment]) => ({ name, kind: 'schema', isContainer: true, ...detailed({ comment }) }),
};

const tables: Level = {
  name: 'c.relname',
  // Intermediate tables of runs come and go: they are nobody's to choose.
  sql: `SELECT c.relname, c.relkind, c.reltuples::int8, has_any_column_privilege(c.oid, 'SELECT'),
      obj_description(c.oid, 'pg_class')
    FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $4)
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname !~ '${RUN_NAME_END}'`,
  entry: (name, [kind, rows, isReadable, comment]) => ({
    name,
    kind: kind === 'v' || kind === 'm' ? 'view' : 'table',
    isContainer: true,
    ...detailed({
      type: tableTypes[kind ?? ''],
      // Before the first ANALYZE the server does not know.
      estimatedRows: Number(rows) > 0 ? Number(rows) : undefined,
      isReadable: isReadable === 't',
      comment,
    }),
  }),
};

const tableTypes: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

const columns: Level = {
  name: 'a.attname',
  sql: `SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attnum,
      array_position(i.indkey::int2[], a.attnum) + 1, pg_get_expr(d.adbin, d.adrelid),
      col_description(a.attrelid, a.attnum)
    FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = $4::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
  entry: (name, [type, isNotNull, position, keyPosition, preset, comment]) => ({
    name,
    kind: 'column',
    isContainer: false,
    ...detailed({
      type,
      isNullable: isNotNull !== 't',
      position: Number(position),
      primaryKeyPosition: keyPosition === null || keyPosition === undefined ? undefined : Number(keyPosition),
      default: preset,
      comment,
    }),
  }),
};

/** What is known of the details. */
function detailed(details: Readonly<Record<string, Json | undefined>>): Pick<Entry, 'details'> {
  const known = Object.entries(details).filter((entry): entry is [string, Json] => (entry[1] ?? null) !== null);
  return known.length === 0 ? {} : { details: Object.fromEntries(known) };
}

async function page(
  session: PgSession,
  level: Level,
  { after, limit, prefix }: BrowseRequest,
  parameters: readonly string[] = [],
): Promise<EntryPage> {
  const count = Math.max(1, Math.min(limit, PAGE_MAX));
  // A name is greater than every beginning of itself, so the prefix tells where to begin as well.
  const sql = `${level.sql} AND ($1::text IS NULL OR ${level.name} > $1::name)
    AND ($2::text IS NULL OR (${level.name} >= $2::name AND starts_with(${level.name}::text, $2)))
    ORDER BY ${level.name} LIMIT $3`;
  const { rows } = await session.query(sql, [after, prefix === '' ? undefined : prefix, count + 1, ...parameters]);
  const entries = rows.slice(0, count).map(([name, ...values]) => level.entry(name ?? '', values));
  const last = entries.at(-1);
  return rows.length > count && last !== undefined ? { entries, next: last.name } : { entries };
}

async function exists(session: PgSession, sql: string, values: readonly string[]): Promise<boolean> {
  return (await session.query(sql, values)).rows.length > 0;
}

function nothing(what: string): Error {
  return postgresErrors.error('PG_NOTHING_THERE', { what });
}
