/** The rules about options of inputs that read tables or queries, in Embulk's order. */
import type { Json } from '#spi/json.ts';

export interface ReadOptions {
  readonly table?: string | undefined;
  readonly query?: string | undefined;
  readonly select: string;
  readonly where?: string | undefined;
  readonly order_by?: string | undefined;
  readonly incremental: boolean;
  readonly incremental_columns: readonly string[];
  readonly last_record?: readonly Json[] | undefined;
  readonly use_raw_query_with_incremental: boolean;
}

/** The error about an option. */
export type Refuse = (reason: string, option: string) => Error;

/** Everything that needs no database. `opaque` is what holds no placeholders in this dialect. */
export function checkReadOptions(options: ReadOptions, opaque: RegExp, refuse: Refuse): void {
  const { table, query } = options;
  if ((table === undefined) === (query === undefined)) {
    throw refuse(`give either \`table\` or \`query\`${table === undefined ? '' : ', not both'}`, 'table');
  }
  if (query !== undefined) {
    for (const option of ['where', 'order_by'] as const) {
      if (options[option] !== undefined) throw refuse(`\`${option}\` belongs to \`table\`, not to \`query\``, option);
    }
    if (options.select !== '*') throw refuse('`select` belongs to `table`, not to `query`', 'select');
  }
  checkIncremental(options, refuse);
  if (options.use_raw_query_with_incremental) checkRawQuery(options, opaque, refuse);
  const { incremental, incremental_columns: columns, last_record: last } = options;
  if (incremental && columns.length > 0) checkLastRecord(last, columns.length, refuse);
}

function checkIncremental(options: ReadOptions, refuse: Refuse): void {
  const { query, incremental, incremental_columns: columns } = options;
  if (incremental && options.order_by !== undefined) {
    throw refuse('`incremental` has an order of its own; `order_by` cannot be set as well', 'order_by');
  }
  if (!incremental && columns.length > 0) {
    throw refuse('`incremental_columns` needs `incremental: true`', 'incremental_columns');
  }
  if (incremental && query !== undefined && columns.length === 0) {
    throw refuse('`incremental: true` with `query` needs `incremental_columns`', 'incremental_columns');
  }
}

function checkRawQuery(options: ReadOptions, opaque: RegExp, refuse: Refuse): void {
  const option = 'use_raw_query_with_incremental';
  const { query, incremental, incremental_columns: columns, last_record: last } = options;
  if (query === undefined || !incremental) throw refuse(`\`${option}\` needs \`query\` and \`incremental\``, option);
  const { found } = replacePlaceholders(query, new Map(columns.map((name) => [name, ''])), opaque);
  const missing = columns.find((name) => !found.has(name));
  if (missing !== undefined) throw refuse(`the query does not hold :${missing}`, 'query');
  if (last === undefined) throw refuse(`\`${option}\` needs \`last_record\``, 'last_record');
}

export function checkLastRecord(last: readonly Json[] | undefined, columns: number, refuse: Refuse): void {
  if (last === undefined || last.length === columns) return;
  const reason = `\`last_record\` has ${last.length} values, but there are ${columns} incremental columns`;
  throw refuse(reason, 'last_record');
}

/** Puts values in place of `:name`, but not in what is opaque; a longer name wins over its beginning. */
export function replacePlaceholders(
  query: string,
  values: ReadonlyMap<string, string>,
  opaque: RegExp,
): { sql: string; found: ReadonlySet<string> } {
  const found = new Set<string>();
  const names = [...values.keys()].sort((a, b) => b.length - a.length).map((name) => RegExp.escape(name));
  const pattern = new RegExp(`${opaque.source}|:(?<name>${names.join('|')})(?!\\w)`, 'g');
  const sql = query.replace(pattern, (whole, ...parts: unknown[]) => {
    // The last argument holds the named groups.
    const { name } = parts.at(-1) as { readonly name?: string };
    if (name === undefined) return whole;
    found.add(name);
    return values.get(name) ?? whole;
  });
  return { sql, found };
}

/** `(a > x) OR (a = x AND b > y)`: the rows behind the last record. */
export function afterCondition<C>(
  columns: readonly C[],
  last: readonly Json[],
  compare: (column: C, operator: '=' | '>', value: Json) => string,
): string {
  const alternatives = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((before, at) => compare(before, '=', last[at] ?? null));
    return `(${[...equal, compare(column, '>', last[index] ?? null)].join(' AND ')})`;
  });
  return alternatives.join(' OR ');
}
