/**
 * Cuts a table into ranges of about the same size: by the place of its rows on disk, which needs no index and reads
 * every page once, or by the values of a column. Each row is in exactly one range.
 */
import type { PgSession } from './client.ts';
import { postgresErrors } from './errors.ts';
import { quoteName, quoteText } from './sql.ts';
import { matchName, primaryKey, tableColumns } from './tables.ts';

export interface KeyRanges {
  /** Conditions in SQL; one that is undefined is the whole table. */
  readonly conditions: readonly (string | undefined)[];
  /** They hold for the rows of one snapshot only: a row that is updated moves to another place. */
  readonly isPlaced: boolean;
}

export interface RangeRequest {
  /** The table as quoted SQL. */
  readonly table: string;
  readonly count: number;
  readonly splitColumn: string | undefined;
}

/** Pages that are looked at to find values that divide the rows evenly. */
const SAMPLE_PAGES = 1000;
/** From this version on the server reads only the pages of a range of places. */
const TID_RANGES_VERSION = 140_000;

interface Shape {
  readonly kind: string;
  readonly pages: number;
  readonly canBePlaced: boolean;
}

export async function keyRanges(session: PgSession, request: RangeRequest): Promise<KeyRanges> {
  const shape = await shapeOf(session, request.table);
  if (request.splitColumn === undefined && shape.canBePlaced) {
    return { conditions: placeRanges(shape.pages, request.count), isPlaced: true };
  }
  const column = await splitColumn(session, request);
  const bounds = await valueBounds(session, request, column, shape);
  return { conditions: valueRanges(column, bounds), isPlaced: false };
}

async function shapeOf(session: PgSession, table: string): Promise<Shape> {
  const { rows } = await session.query(
    `SELECT c.relkind, coalesce(am.amname, ''), current_setting('server_version_num'),
       coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(c.oid)), pg_relation_size(c.oid), 0)::int8
         / current_setting('block_size')::int8
     FROM pg_class c LEFT JOIN pg_am am ON am.oid = c.relam WHERE c.oid = $1::regclass`,
    [table],
  );
  const [kind, method, version, pages] = rows[0] ?? [];
  return {
    kind: kind ?? '',
    pages: Number(pages),
    canBePlaced: method === 'heap' && Number(version) >= TID_RANGES_VERSION,
  };
}

/** The last range has no end, for the table may have grown since its size was asked for. */
function placeRanges(pages: number, count: number): readonly (string | undefined)[] {
  const ranges = Math.max(1, Math.min(count, pages));
  const edges = Array.from(
    { length: ranges - 1 },
    (_, index) => `'(${Math.floor(((index + 1) * pages) / ranges)},0)'::tid`,
  );
  return between('ctid', edges);
}

function between(column: string, edges: readonly string[]): readonly (string | undefined)[] {
  if (edges.length === 0) return [undefined];
  return [...edges, undefined].map((end, index) => {
    const start = edges[index - 1];
    const conditions = [
      ...(start === undefined ? [] : [`${column} >= ${start}`]),
      ...(end === undefined ? [] : [`${column} < ${end}`]),
    ];
    return conditions.join(' AND ');
  });
}

interface SplitColumn {
  readonly name: string;
  readonly sqlType: string;
}

async function splitColumn(session: PgSession, { table, splitColumn: wanted }: RangeRequest): Promise<SplitColumn> {
  const columns = await tableColumns(session, table);
  const names = columns.map(({ name }) => name);
  const name =
    wanted === undefined ? (await primaryKey(session, table))[0] : matchName(wanted, names, ['split_column']);
  if (name === undefined) {
    const reason =
      wanted === undefined
        ? `\`parallel\` needs \`split_column\`, for ${table} has no primary key and its rows have no place of their own`
        : `the table has no column '${wanted}'; it has ${names.join(', ')}`;
    throw postgresErrors.error('PG_CONFIG', { reason }, { where: { path: ['split_column'] } });
  }
  const { rows } = await session.query(
    'SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2',
    [table, name],
  );
  return { name: quoteName(name), sqlType: rows[0]?.[0] ?? 'text' };
}

/** Values that divide a sample of the rows evenly, as SQL. Of a view there is no sample: all its rows are looked at. */
async function valueBounds(
  session: PgSession,
  { table, count }: RangeRequest,
  { name, sqlType }: SplitColumn,
  { kind, pages }: Shape,
): Promise<readonly string[]> {
  const isSampled = kind !== 'v' && kind !== 'f' && pages > SAMPLE_PAGES;
  // The same sample for the same table, so that a run can be explained.
  const sample = isSampled ? ` TABLESAMPLE SYSTEM (${(100 * SAMPLE_PAGES) / pages}) REPEATABLE (1)` : '';
  const shares = Array.from({ length: count - 1 }, (_, index) => (index + 1) / count);
  const { rows } = await session.query(
    `SELECT unnest(percentile_disc(ARRAY[${shares.join(', ')}]::float8[]) WITHIN GROUP (ORDER BY ${name}))
     FROM ${table}${sample}`,
  );
  const texts = rows.flatMap(([text]) => (text === null || text === undefined ? [] : [text]));
  return [...new Set(texts)].map((text) => `${quoteText(text)}::${sqlType}`);
}

function valueRanges({ name }: SplitColumn, bounds: readonly string[]): readonly (string | undefined)[] {
  const ranges = between(name, bounds);
  return ranges.map((range, index) => (index === 0 && range !== undefined ? `(${range} OR ${name} IS NULL)` : range));
}
