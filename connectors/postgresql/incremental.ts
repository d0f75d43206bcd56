/** Incremental loading: which rows come after the last record, and what the last record is. */
import type { Json } from '#spi/json.ts';
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

function configError(reason: string, option: string): Error {
  return postgresErrors.error('PG_CONFIG', { reason }, { where: { path: [option] } });
}

/** The rules about options that need no database, in Embulk's order. */
export function checkInputOptions(config: PostgresqlInputConfig): void {
  const { table, query } = config;
  if ((table === undefined) === (query === undefined)) {
    throw configError(`give either \`table\` or \`query\`${table === undefined ? '' : ', not both'}`, 'table');
  }
  if (query !== undefined) {
    for (const option of ['where', 'order_by'] as const) {
      if (config[option] !== undefined)
        throw configError(`\`${option}\` belongs to \`table\`, not to \`query\``, option);
    }
    if (config.select !== '*') throw configError('`select` belongs to `table`, not to `query`', 'select');
  }
  checkIncrementalOptions(config);
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

function checkIncrementalOptions(config: PostgresqlInputConfig): void {
  const { query, incremental, incremental_columns: columns, last_record: last } = config;
  if (incremental && config.order_by !== undefined) {
    throw configError('`incremental` has an order of its own; `order_by` cannot be set as well', 'order_by');
  }
  if (!incremental && columns.length > 0) {
    throw configError('`incremental_columns` needs `incremental: true`', 'incremental_columns');
  }
  if (incremental && query !== undefined && columns.length === 0) {
    throw configError('`incremental: true` with `query` needs `incremental_columns`', 'incremental_columns');
  }
  if (config.use_raw_query_with_incremental) checkRawQuery(config);
  if (incremental && last !== undefined && columns.length > 0 && last.length !== columns.length) {
    throw configError(
      `\`last_record\` has ${last.length} values, but there are ${columns.length} incremental columns`,
      'last_record',
    );
  }
}

function checkRawQuery({ query, incremental, incremental_columns: columns, last_record }: PostgresqlInputConfig): void {
  const option = 'use_raw_query_with_incremental';
  if (query === undefined || !incremental)
    throw configError(`\`${option}\` needs \`query\` and \`incremental\``, option);
  const { found } = replacePlaceholders(query, new Map(columns.map((name) => [name, ''])));
  const missing = columns.find((name) => !found.has(name));
  if (missing !== undefined) throw configError(`the query does not hold :${missing}`, 'query');
  if (last_record === undefined) throw configError(`\`${option}\` needs \`last_record\``, 'last_record');
}

/** What is skipped when placeholders are looked for: texts, quoted names, comments, and `::` of casts. */
const opaque = String.raw`'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|\$(\w*)\$[^]*?\$\1\$|::`;

/** Puts values in place of `:name`; a longer name wins over its beginning. */
export function replacePlaceholders(
  query: string,
  values: ReadonlyMap<string, string>,
): { sql: string; found: ReadonlySet<string> } {
  const found = new Set<string>();
  const names = [...values.keys()].sort((a, b) => b.length - a.length).map((name) => RegExp.escape(name));
  const pattern = new RegExp(`${opaque}|:(${names.join('|')})(?!\\w)`, 'g');
  const sql = query.replace(pattern, (whole, _tag: string | undefined, name: string | undefined) => {
    if (name === undefined) return whole;
    found.add(name);
    return values.get(name) ?? whole;
  });
  return { sql, found };
}

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

/** `(a > x) OR (a = x AND b > y)`: the rows behind the last record. */
export function afterCondition(columns: readonly IncrementalColumn[], last: readonly Json[]): string {
  const alternatives = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((before, at) => compare(before, '=', last[at] ?? null));
    return `(${[...equal, compare(column, '>', last[index] ?? null)].join(' AND ')})`;
  });
  return alternatives.join(' OR ');
}

function compare(column: IncrementalColumn, operator: string, value: Json): string {
  return `${quoteName(column.name)} ${operator} ${typedLiteral(value, column)}`;
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
