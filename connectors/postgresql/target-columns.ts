/** Which columns of the input go into which of the table, with which type, and how their values are written. */
import type { Column, ColumnType, Schema } from '#spi/schema.ts';
import type { PostgresqlOutputConfig } from './config.ts';
import { postgresErrors } from './errors.ts';
import { quoteName } from './sql.ts';
import { matchName } from './tables.ts';
import type { TableColumn } from './tables.ts';

/** How values are written, by the type of the table's column. */
export type WriteKind =
  | 'boolean'
  | 'integer'
  | 'float'
  | 'decimal'
  | 'text'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'other'
  | 'null';

// A type, not an interface: it is part of a plan, which is plain JSON.
export type TargetColumn = {
  readonly name: string;
  /** Index in the schema of the records. */
  readonly source: number;
  /** As in CREATE TABLE. */
  readonly sqlType: string;
  readonly kind: WriteKind;
  readonly format: string;
  readonly timezone: string;
};

type OutputColumn = PostgresqlOutputConfig['column_options'][string];

const newTypes: Readonly<Record<ColumnType, string>> = {
  boolean: 'BOOLEAN',
  long: 'BIGINT',
  double: 'DOUBLE PRECISION',
  string: 'TEXT',
  json: 'JSON',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
};

const kindsByType: Readonly<Record<string, WriteKind>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  float4: 'float',
  float8: 'float',
  numeric: 'decimal',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  citext: 'text',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'json',
  jsonb: 'json',
};

const kindsByValueType: Readonly<Partial<Record<OutputColumn['value_type'], WriteKind>>> = {
  byte: 'integer',
  short: 'integer',
  int: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  decimal: 'decimal',
  boolean: 'boolean',
  string: 'text',
  nstring: 'text',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  json: 'json',
  null: 'null',
  pass: 'other',
};

const clockKinds: ReadonlySet<WriteKind> = new Set(['date', 'time', 'timestamp', 'timestamptz']);

/** A column of the input and the one it goes into. */
export interface ColumnMatch {
  readonly column: Column;
  readonly source: number;
  readonly name: string;
  readonly sqlType: string;
}

/** The columns of a table that is to be made. */
export function newColumns(schema: Schema, config: PostgresqlOutputConfig): readonly ColumnMatch[] {
  return schema.columns.map((column, source) => ({
    column,
    source,
    name: column.name,
    sqlType: optionsOf(config, column.name)?.type ?? newTypes[column.type],
  }));
}

/** Matches by name: the exact one, else the only one that differs in upper and lower case alone. */
export function matchColumns(
  schema: Schema,
  config: PostgresqlOutputConfig,
  table: string,
  existing: readonly TableColumn[],
): readonly ColumnMatch[] {
  const names = existing.map(({ name }) => name);
  const unmatched: string[] = [];
  const matches = schema.columns.flatMap((column, source): ColumnMatch[] => {
    const name = matchName(column.name, names);
    const target = existing.find((other) => other.name === name);
    if (target === undefined) {
      unmatched.push(column.name);
      return [];
    }
    const sqlType = optionsOf(config, column.name)?.type ?? target.sqlType;
    return [{ column, source, name: target.name, sqlType }];
  });
  if (matches.length === 0 || (unmatched.length > 0 && !config.ignore_unmatched_columns)) {
    const params = { table, columns: unmatched.join(', '), known: names.join(', ') };
    throw postgresErrors.error('PG_UNMATCHED_COLUMNS', params, { where: { path: ['table'], table } });
  }
  return matches;
}

/** Completes matches by what the server says their types are, in the same order. */
export function targetColumns(
  matches: readonly ColumnMatch[],
  actual: readonly TableColumn[],
  config: PostgresqlOutputConfig,
): readonly TargetColumn[] {
  return matches.map(({ column, source, name, sqlType }, index) => {
    const options = optionsOf(config, column.name);
    const kind = writeKind(options?.value_type ?? 'coerce', actual[index]?.typeName ?? '');
    if (!isConvertible(column.type, kind)) {
      const params = { column: column.name, source: column.type, target: sqlType };
      const where = { path: ['column_options'], field: column.name };
      throw postgresErrors.error('PG_CONVERSION', params, { where });
    }
    return {
      name,
      source,
      sqlType,
      kind,
      format: options?.timestamp_format ?? '%Y-%m-%d %H:%M:%S.%6N',
      timezone: options?.timezone ?? config.default_timezone,
    };
  });
}

function writeKind(valueType: OutputColumn['value_type'], typeName: string): WriteKind {
  const byType = kindsByType[typeName] ?? 'other';
  const wanted = kindsByValueType[valueType] ?? byType;
  // An instant is an instant, whichever of the two the value is asked to be.
  return wanted === 'timestamp' && byType === 'timestamptz' ? byType : wanted;
}

/** What Embulk would make NULL is refused before any row is read. Texts are the server's to judge, row by row. */
function isConvertible(type: ColumnType, kind: WriteKind): boolean {
  if (kind === 'null' || kind === 'text' || kind === 'other' || type === 'string') return true;
  if (type === 'timestamp') return clockKinds.has(kind);
  if (type === 'json') return kind === 'json';
  return !clockKinds.has(kind);
}

function optionsOf(config: PostgresqlOutputConfig, name: string): OutputColumn | undefined {
  const keys = Object.keys(config.column_options);
  const key = matchName(name, keys, ['column_options']);
  return key === undefined ? undefined : config.column_options[key];
}

/** `"a" BIGINT, "b" TEXT`. */
export function columnDefinitions(columns: readonly { readonly name: string; readonly sqlType: string }[]): string {
  return columns.map(({ name, sqlType }) => `${quoteName(name)} ${sqlType}`).join(', ');
}

export function columnList(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}
