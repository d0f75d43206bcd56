/** Incremental loading: which rows come after the last record, and what the last record is. */
import type { Json } from '#spi/json.ts';
import { afterCondition } from '#connectors/sql/read-options.ts';
import { mysqlErrors } from './errors.ts';
import type { SourceType } from './source-types.ts';
import { quoteName, quoteText } from './sql.ts';
import { matchName } from './tables.ts';

// A type, not an interface: it is part of a task, which is plain JSON.
/** A column that grows. */
export type IncrementalColumn = {
  readonly name: string;
  /** Its place in the rows. */
  readonly index: number;
  readonly source: SourceType;
};

export function configError(reason: string, option: string): Error {
  return mysqlErrors.error('MYSQL_CONFIG', { reason }, { where: { path: [option] } });
}

/** What is skipped when placeholders are looked for: texts, quoted names and comments. */
export const opaque = /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`(?:[^`]|``)*`|-- [^\n]*|#[^\n]*|\/\*[^]*?\*\//;

/** A value of `last_record` as a literal; moments as the server reads them. */
export function literal(value: Json): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return quoteText(JSON.stringify(value));
  const [, date, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?$/.exec(value) ?? [];
  return quoteText(date === undefined ? value : `${date} ${time}`);
}

export function incrementalColumns(
  names: readonly string[],
  fields: readonly string[],
  types: readonly SourceType[],
): readonly IncrementalColumn[] {
  return names.map((name) => {
    const match = matchName(name, fields, ['incremental_columns']);
    const index = match === undefined ? -1 : fields.indexOf(match);
    const source = types[index];
    if (match === undefined || source === undefined) {
      throw configError(`the rows have no column '${name}'; they have ${fields.join(', ')}`, 'incremental_columns');
    }
    return { name: match, index, source };
  });
}

/** The rows behind the last record. */
export function conditionAfter(columns: readonly IncrementalColumn[], last: readonly Json[]): string {
  return afterCondition(columns, last, ({ name, source }, operator, value) => {
    // Numbers that a JSON number does not hold are texts; compared as such they would become doubles.
    const isNumber = (source.kind === 'long' || source.kind === 'decimal') && typeof value === 'string';
    const isPlain = isNumber && /^-?\d+(?:\.\d+)?$/.test(value);
    if (source.wire === 'bytes' && typeof value === 'string') {
      return `${quoteName(name)} ${operator} UNHEX(${quoteText(value)})`;
    }
    return `${quoteName(name)} ${operator} ${isPlain ? value : literal(value)}`;
  });
}

export function orderOf(columns: readonly IncrementalColumn[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}

/** The values of the incremental columns of the last row, as `last_record` has them. */
export function lastRecordOf(columns: readonly IncrementalColumn[], row: readonly (string | null)[]): readonly Json[] {
  return columns.map(({ name, index, source }) => {
    const text = row[index];
    if (text === null || text === undefined) {
      throw mysqlErrors.error('MYSQL_INCREMENTAL_NULL', { column: name }, { where: { field: name } });
    }
    const { kind, isInstant } = source;
    // Beyond 2^53 a JSON number is not exact; a text is.
    if (kind === 'long' || kind === 'boolean') return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    if (kind === 'double' || kind === 'float') return Number(text);
    return kind === 'timestamp' ? isoTimestamp(text, isInstant) : text;
  });
}

/** `2024-01-31T00:00:00.000000`, with a `Z` for an instant. */
function isoTimestamp(text: string, isInstant: boolean): string {
  const [date = '', time = '00:00:00'] = text.split(' ');
  const [clock = '', fraction = ''] = time.split('.');
  return `${date}T${clock}.${fraction.padEnd(6, '0')}${isInstant ? 'Z' : ''}`;
}
