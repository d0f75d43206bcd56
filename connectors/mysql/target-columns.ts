/** Which columns of the input go into which of the table, with which type, and how their values are written. */
import type { Column, ColumnType, Schema } from '#spi/schema.ts';
import type { MySqlSession } from './client.ts';
import { mysqlErrors } from './errors.ts';
import type { MysqlOutputConfig } from './output-config.ts';
import { quoteName, quoteText } from './sql.ts';
import { matchName } from './tables.ts';

/** How values are written, by the type of the table's column. */
export type WriteKind =
  | 'integer'
  | 'float'
  | 'decimal'
  | 'bit'
  | 'text'
  | 'binary'
  | 'date'
  | 'time'
  | 'datetime'
  | 'timestamp'
  | 'json'
  | 'boolean'
  | 'other'
  | 'null';

/** What the catalogue says about a column. */
export interface TableColumn {
  readonly name: string;
  /** The type in SQL, with its parameters and character set. */
  readonly sqlType: string;
  readonly typeName: string;
  readonly isUnsigned: boolean;
  readonly isNullable: boolean;
  /** Values may be put into it, or it makes its own. */
  readonly isGenerated: boolean;
  readonly isAutomatic: boolean;
  /** Characters or bytes at most. */
  readonly lengthMax: number;
  /** Digits behind the point. */
  readonly scale: number;
}

// A type, not an interface: it is part of a plan, which is plain JSON.
export type TargetColumn = {
  readonly name: string;
  /** Index in the schema of the records. */
  readonly source: number;
  /** As in CREATE TABLE. */
  readonly sqlType: string;
  readonly typeName: string;
  readonly kind: WriteKind;
  readonly isUnsigned: boolean;
  /** NULL is refused: the column would refuse it, or put something else in its place. */
  readonly isMandatory: boolean;
  readonly lengthMax: number;
  readonly scale: number;
  readonly format: string;
  readonly timezone: string;
  readonly binaryFormat: MysqlOutputConfig['binary_format'];
};

type OutputColumn = MysqlOutputConfig['column_options'][string];

/** A TIMESTAMP without NULL would be one that fills itself; without digits it would cut fractions off. */
const newTypes: Readonly<Record<ColumnType, string>> = {
  boolean: 'BOOLEAN',
  long: 'BIGINT',
  double: 'DOUBLE PRECISION',
  string: 'TEXT',
  json: 'TEXT',
  timestamp: 'TIMESTAMP(6) NULL',
};

const kindsByType: Readonly<Record<string, WriteKind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  float: 'float',
  double: 'float',
  decimal: 'decimal',
  bit: 'bit',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  binary: 'binary',
  varbinary: 'binary',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
  date: 'date',
  time: 'time',
  datetime: 'datetime',
  timestamp: 'timestamp',
  json: 'json',
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
  timestamp: 'datetime',
  json: 'json',
  null: 'null',
  pass: 'other',
};

const clockKinds: ReadonlySet<WriteKind> = new Set(['date', 'time', 'datetime', 'timestamp']);

/** The columns of a table, in order. */
export async function tableColumns(
  session: MySqlSession,
  database: string,
  table: string,
): Promise<readonly TableColumn[]> {
  const { rows } = await session.query(
    `SELECT column_name, column_type, data_type, is_nullable, extra, coalesce(character_maximum_length, 0),
     coalesce(datetime_precision, numeric_scale, 0), character_set_name, collation_name, coalesce(numeric_precision, 0)
     FROM information_schema.columns WHERE table_schema = ${quoteText(database)} AND table_name = ${quoteText(table)}
     ORDER BY ordinal_position`,
  );
  return rows.map((row): TableColumn => {
    const [name, type, typeName, nullable, extra, length, scale, charset, collation, precision] = row;
    const isText = charset !== null && charset !== undefined;
    return {
      name: name ?? '',
      sqlType: `${type}${isText ? ` CHARACTER SET ${charset} COLLATE ${collation}` : ''}`,
      typeName: (typeName ?? '').toLowerCase(),
      isUnsigned: /\bunsigned\b/.test(type ?? ''),
      isNullable: nullable === 'YES',
      // DEFAULT_GENERATED only says that the default is an expression.
      isGenerated: /\b(?:VIRTUAL|STORED|PERSISTENT)\b/.test(extra ?? ''),
      isAutomatic: /\bauto_increment\b/.test(extra ?? ''),
      lengthMax: typeName === 'bit' ? Number(precision) : Number(length),
      scale: Number(scale),
    };
  });
}

/** A column of the input and the one it goes into. */
export interface ColumnMatch {
  readonly column: Column;
  readonly source: number;
  readonly name: string;
  readonly sqlType: string;
  readonly isMandatory: boolean;
}

/** The columns of a table that is to be made. */
export function newColumns(schema: Schema, config: MysqlOutputConfig): readonly ColumnMatch[] {
  return schema.columns.map((column, source) => {
    const sqlType = optionsOf(config, column.name)?.type ?? newTypes[column.type];
    const isMandatory = /\bNOT\s+NULL\b/i.test(sqlType) && !/\bAUTO_INCREMENT\b/i.test(sqlType);
    return { column, source, name: column.name, sqlType, isMandatory };
  });
}

/** Matches by name: the exact one, else the only one that differs in upper and lower case alone. */
export function matchColumns(
  schema: Schema,
  config: MysqlOutputConfig,
  table: string,
  existing: readonly TableColumn[],
): readonly ColumnMatch[] {
  const names = existing.filter(({ isGenerated }) => !isGenerated).map(({ name }) => name);
  const unmatched: string[] = [];
  const matches = schema.columns.flatMap((column, source): ColumnMatch[] => {
    const name = matchName(column.name, names);
    const target = existing.find((other) => other.name === name);
    if (target === undefined) {
      unmatched.push(column.name);
      return [];
    }
    const sqlType = optionsOf(config, column.name)?.type ?? `${target.sqlType} NULL`;
    const isMandatory = !target.isNullable && !target.isAutomatic;
    return [{ column, source, name: target.name, sqlType, isMandatory }];
  });
  if (matches.length === 0 || (unmatched.length > 0 && !config.ignore_unmatched_columns)) {
    const params = { table, columns: unmatched.join(', '), known: names.join(', ') };
    throw mysqlErrors.error('MYSQL_UNMATCHED_COLUMNS', params, { where: { path: ['table'], table } });
  }
  return matches;
}

/** Completes matches by what the server says their types are, in the same order. */
export function targetColumns(
  matches: readonly ColumnMatch[],
  actual: readonly TableColumn[],
  config: MysqlOutputConfig,
): readonly TargetColumn[] {
  return matches.map(({ column, source, name, sqlType, isMandatory }) => {
    const options = optionsOf(config, column.name);
    const type = actual.find((other) => other.name === name) ?? unknownType;
    const kind = writeKind(options?.value_type ?? 'coerce', type.typeName);
    if (!isConvertible(column.type, kind)) {
      const params = { column: column.name, source: column.type, target: sqlType };
      throw mysqlErrors.error('MYSQL_CONVERSION', params, { where: { path: ['column_options'], field: column.name } });
    }
    return {
      name,
      source,
      sqlType,
      typeName: type.typeName,
      kind,
      isUnsigned: type.isUnsigned,
      isMandatory,
      lengthMax: type.lengthMax,
      scale: type.scale,
      ...spelling(options, config),
    };
  });
}

/** Of a column that the server does not tell of. */
const unknownType = { typeName: '', isUnsigned: false, lengthMax: 0, scale: 0 };

function spelling(
  options: OutputColumn | undefined,
  config: MysqlOutputConfig,
): Pick<TargetColumn, 'format' | 'timezone' | 'binaryFormat'> {
  return {
    format: options?.timestamp_format ?? '%Y-%m-%d %H:%M:%S.%6N',
    timezone: options?.timezone ?? config.default_timezone,
    binaryFormat: config.binary_format,
  };
}

function writeKind(valueType: OutputColumn['value_type'], typeName: string): WriteKind {
  const byType = kindsByType[typeName] ?? 'other';
  const wanted = kindsByValueType[valueType] ?? byType;
  // An instant is an instant, whichever of the two the value is asked to be; bits are written as numbers only.
  if (wanted === 'datetime' && byType === 'timestamp') return byType;
  return byType === 'bit' && wanted !== 'null' ? byType : wanted;
}

/** What Embulk would make NULL is refused before any row is read. Texts are looked at one by one. */
function isConvertible(type: ColumnType, kind: WriteKind): boolean {
  if (kind === 'null' || kind === 'text' || kind === 'other' || type === 'string') return true;
  if (type === 'timestamp') return clockKinds.has(kind);
  if (type === 'json') return kind === 'json';
  return !clockKinds.has(kind) && kind !== 'binary';
}

function optionsOf(config: MysqlOutputConfig, name: string): OutputColumn | undefined {
  const key = matchName(name, Object.keys(config.column_options), ['column_options']);
  return key === undefined ? undefined : config.column_options[key];
}

/** `a` BIGINT, `b` TEXT. */
export function columnDefinitions(columns: readonly { readonly name: string; readonly sqlType: string }[]): string {
  return columns.map(({ name, sqlType }) => `${quoteName(name)} ${sqlType}`).join(', ');
}

export function columnList(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}
