/** What the catalogue of the database says about tables. */
import { matchName as matchAny, matchTable } from '#connectors/sql/names.ts';
import type { Ambiguous } from '#connectors/sql/names.ts';
import type { PgSession } from './client.ts';
import { postgresErrors } from './errors.ts';

export interface TableColumn {
  readonly name: string;
  /** The type in SQL, with its parameters. */
  readonly sqlType: string;
  /** Name of the type in the catalogue; of a domain, that of its base type. */
  readonly typeName: string;
}

/**
 * The name of the table as the database has it: the exact one, else that in upper case, else that in lower case;
 * undefined when there is none.
 */
export async function findTable(session: PgSession, schema: string, table: string): Promise<string | undefined> {
  const upper = table.toUpperCase();
  const lower = table.toLowerCase();
  const { rows } = await session.query(
    `SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
     AND relname = ANY($2::text[]) AND relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema, [table, upper, lower]],
  );
  const names = rows.map(([name]) => name);
  return matchTable(table, names, ambiguous(table, ['table']));
}

/** The columns that values can be put into, in order. `table` is quoted SQL. */
export async function tableColumns(session: PgSession, table: string): Promise<readonly TableColumn[]> {
  const { rows } = await session.query(
    `SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(b.typname, t.typname)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [table],
  );
  return rows.map(([name, sqlType, typeName]) => ({
    name: name ?? '',
    sqlType: sqlType ?? '',
    typeName: typeName ?? '',
  }));
}

/** Names of the columns of the primary key, in its order. `table` is quoted SQL. */
export async function primaryKey(session: PgSession, table: string): Promise<readonly string[]> {
  const { rows } = await session.query(
    `SELECT a.attname FROM pg_index i
     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY k.place`,
    [table],
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
    postgresErrors.error(
      'PG_AMBIGUOUS',
      { name, candidates: candidates.join(', ') },
      path === undefined ? {} : { where: { path } },
    );
}
