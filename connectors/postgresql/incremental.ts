/** Incremental loading: which rows come after the last record, and what the last record is. */
import type { Json } from '#spi/json.ts';
import { afterCondition, checkReadOptions } from '#connectors/sql/read-options.ts';
import type { PostgresqlInputConfig } from './config.ts';
import { postgresErrors } from './errors.ts';
import type { SourceType } from './source-types.ts';
import { quoteName, quoteText } from './sql.ts';
import { matchName } from './tables.ts';

/** A column that grows. */
export interface IncrementalColumn {
  readonly name: string;
  /** Its place in the rows. */
  readonly index: number;
  readonly isLong: boolean;
  readonly isTimestamp: boolean;
  readonly hasZone: boolean;
  readonly sqlType: string;
}

export function configError(reason: string, option: string): Error {
  return postgresErrors.error('PG_CONFIG', { reason }, { where: { path: [option] } });
}

/** The rules about options that need no database. */
export function checkInputOptions(config: PostgresqlInputConfig): void {
  checkReadOptions(config, opaque, configError);
  checkParallelOptions(config);
}

function checkParallelOptions(config: PostgresqlInputConfig): void {
  if (config.parallel === 1) {
    if (config.split_column === undefined) return;
    throw configError('`split_column` is what `parallel` divides the table by; it is 1', 'split_column');
  }
  const excluded = (['query', 'order_by', 'before_select', 'after_select'] as const).find(
    (option) => config[option] !== undefined,
  );
  if (excluded === undefined) return;
  throw configError(
    `\`parallel\` divides a table among several sessions; \`${excluded}\` needs a single one`,
    'parallel',
  );
}

/** What is skipped when placeholders are looked for: texts, quoted names, comments, and `::` of casts. */
export const opaque = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|\$(\w*)\$[^]*?\$\1\$|::/;

/** A value of `last_record` where its type is not known yet: the server infers it. */
export function untypedLiteral(value: Json): string {
  if (typeof value === 'number' || typeof value === 'boolean') return `(${String(value)})`;
  if (value === null) return 'NULL';
  return quoteText(typeof value === 'string' ? value : JSON.stringify(value));
}

function typedLiteral(value: Json, { sqlType }: IncrementalColumn): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return value === null ? `NULL::${sqlType}` : `${quoteText(text)}::${sqlType}`;
}

export function incrementalColumns(
  names: readonly string[],
  fields: readonly string[],
  types: readonly SourceType[],
): readonly IncrementalColumn[] {
  return names.map((name) => {
    const match = matchName(name, fields, ['incremental_columns']);
    const index = match === undefined ? -1 : fields.indexOf(match);
    const type = types[index];
    if (match === undefined || type === undefined) {
      throw configError(`the rows have no column '${name}'; they have ${fields.join(', ')}`, 'incremental_columns');
    }
    const { kind, hasZone, sqlName } = type;
    const isTimestamp = kind === 'timestamp';
    return { name: match, index, isLong: kind === 'long', isTimestamp, hasZone, sqlType: sqlName };
  });
}

/** The rows behind the last record. */
export function conditionAfter(columns: readonly IncrementalColumn[], last: readonly Json[]): string {
  return afterCondition(
    columns,
    last,
    (column, operator, value) => `${quoteName(column.name)} ${operator} ${typedLiteral(value, column)}`,
  );
}

export function orderOf(columns: readonly IncrementalColumn[], direction = ''): string {
  return columns.map(({ name }) => `${quoteName(name)}${direction}`).join(', ');
}

/** The values of the incremental columns of the last row, as `last_record` has them. */
export function lastRecordOf(columns: readonly IncrementalColumn[], row: readonly (string | null)[]): readonly Json[] {
  return columns.map((column) => {
    const text = row[column.index];
    if (text === null || text === undefined) {
      throw postgresErrors.error('PG_INCREMENTAL_NULL', { column: column.name }, { where: { field: column.name } });
    }
    // Beyond 2^53 a JSON number is not exact; a text is, and the server takes both.
    if (column.isLong) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    return column.isTimestamp ? isoTimestamp(text, column.hasZone) : text;
  });
}

/** `2024-01-31T00:00:00.000000`, with a `Z` for an instant. */
function isoTimestamp(text: string, hasZone: boolean): string {
  const [, date, time, fraction = ''] = /^(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(?:\+00)?$/.exec(text) ?? [];
  // Infinity and years before Christ stay as the server writes them.
  if (date === undefined) return text;
  return `${date}T${time}.${fraction.padEnd(6, '0')}${hasZone ? 'Z' : ''}`;
}
