/** What the columns of a result are: kinds of values, by the types of the database, and names for them in configs. */
import type { ColumnType } from '#spi/schema.ts';
import type { ResultField } from './client.ts';
import type { PgSession } from './client.ts';

/** How the text of a value is read. */
export type SourceKind =
  | 'boolean'
  | 'long'
  | 'float'
  | 'double'
  | 'decimal'
  | 'string'
  | 'json'
  | 'date'
  | 'time'
  | 'timestamp';

export interface SourceType {
  readonly kind: SourceKind;
  /** Names by which `default_column_options` may mean it, in upper case. */
  readonly names: readonly string[];
  /** The name in SQL. */
  readonly sqlName: string;
  /** A composite of some sort: as json it has to be converted by the server. */
  readonly isStructured: boolean;
  /** A timestamp with a zone: its incremental value ends with `Z`. */
  readonly hasZone: boolean;
}

/** The column type of a kind when the config gives none. */
export const defaultTypes: Readonly<Record<SourceKind, ColumnType>> = {
  boolean: 'boolean',
  long: 'long',
  float: 'double',
  double: 'double',
  decimal: 'double',
  string: 'string',
  json: 'json',
  date: 'timestamp',
  time: 'timestamp',
  timestamp: 'timestamp',
};

/** Kinds and JDBC names of the types that are not plain texts. */
const known: Readonly<Record<string, readonly [SourceKind, ...string[]]>> = {
  bool: ['boolean', 'BIT', 'BOOLEAN'],
  int2: ['long', 'SMALLINT'],
  int4: ['long', 'INTEGER'],
  int8: ['long', 'BIGINT'],
  oid: ['long', 'BIGINT'],
  float4: ['float', 'REAL'],
  float8: ['double', 'DOUBLE'],
  numeric: ['decimal', 'NUMERIC', 'DECIMAL'],
  json: ['json', 'OTHER'],
  jsonb: ['json', 'OTHER'],
  date: ['date', 'DATE'],
  time: ['time', 'TIME'],
  timestamp: ['timestamp', 'TIMESTAMP'],
  timestamptz: ['timestamp', 'TIMESTAMP', 'TIMESTAMP_WITH_TIMEZONE'],
  text: ['string', 'VARCHAR'],
  varchar: ['string', 'VARCHAR'],
  name: ['string', 'VARCHAR'],
  bpchar: ['string', 'CHAR'],
  bytea: ['string', 'BINARY'],
  xml: ['string', 'SQLXML'],
  timetz: ['string', 'TIME'],
  money: ['string', 'DOUBLE'],
};

/** Categories of pg_type whose values are made of others: arrays, composites, ranges. */
const structuredCategories = 'ACR';

export async function sourceTypes(session: PgSession, fields: readonly ResultField[]): Promise<readonly SourceType[]> {
  const oids = [...new Set(fields.map(({ typeOid }) => typeOid))];
  // With -1 the names are those of casts that cut nothing off: `bpchar`, not `character`, which is of length 1.
  const { rows } = await session.query(
    'SELECT oid, typname, typcategory, format_type(oid, -1) FROM pg_type WHERE oid = ANY($1::oid[])',
    [oids],
  );
  const byOid = new Map(
    rows.map(([oid, name, category, sqlName]) => [Number(oid), sourceType(name ?? '', category ?? '', sqlName ?? '')]),
  );
  return fields.map(({ typeOid }) => byOid.get(typeOid) ?? sourceType('text', 'S', 'text'));
}

function sourceType(name: string, category: string, sqlName: string): SourceType {
  const [kind, ...jdbcNames] = known[name] ?? ['string', otherName(category)];
  return {
    kind,
    names: [...jdbcNames, name.toUpperCase(), sqlName.toUpperCase()],
    sqlName,
    isStructured: structuredCategories.includes(category) || name === 'hstore',
    hasZone: name === 'timestamptz',
  };
}

function otherName(category: string): string {
  if (category === 'A') return 'ARRAY';
  return category === 'E' ? 'VARCHAR' : 'OTHER';
}
