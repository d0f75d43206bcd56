/** Reading one table by several tasks in one snapshot: together they read the rows that one would have read. */
import type { Context } from '#spi/context.ts';
import type { Json } from '#spi/json.ts';
import type { PgSession } from './client.ts';
import type { PostgresqlInputConfig } from './config.ts';
import { postgresErrors } from './errors.ts';
import { conditionAfter, lastRecordOf, orderOf } from './incremental.ts';
import type { IncrementalColumn } from './incremental.ts';
import { keyRanges } from './key-ranges.ts';
import { holdSnapshot } from './snapshot.ts';
import type { SharedSnapshot } from './snapshot.ts';
import { quoteName } from './sql.ts';

/** The table of a statement, and what makes statements of it. */
export interface TableSource {
  /** Quoted SQL. */
  readonly table: string;
  /** `where` of the config. */
  readonly conditions: readonly string[];
  readonly sql: (
    conditions: readonly string[],
    options?: { readonly select?: string; readonly behind?: string },
  ) => string;
}

export interface Slices {
  /** A statement for each task. */
  readonly statements: readonly string[];
  readonly snapshot: SharedSnapshot;
  /** Of all tasks together; undefined when there is no row, or nothing is incremental. */
  readonly lastRecord: readonly Json[] | undefined;
}

export async function planSlices(
  config: PostgresqlInputConfig,
  source: TableSource,
  incremental: readonly IncrementalColumn[],
  ctx: Context,
): Promise<Slices> {
  const { planned, snapshot } = await holdSnapshot(config, ctx, async (session) => {
    await checkRowwise(session, source);
    const { parallel: count, split_column: splitColumn } = config;
    const ranges = await keyRanges(session, { table: source.table, count, splitColumn });
    return { ranges, ...(await boundsOf(session, source, incremental, config.last_record)) };
  });
  const { ranges, conditions, lastRecord } = planned;
  const statements = ranges.conditions.map((range) =>
    source.sql([...conditions, ...(range === undefined ? [] : [range])]),
  );
  return { statements, snapshot: { ...snapshot, isNeeded: ranges.isPlaced }, lastRecord };
}

/**
 * The conditions of all tasks. An incremental run ends with a row that is known beforehand, so that tasks which are
 * done again later, without the snapshot, read nothing behind it: the next run will.
 */
async function boundsOf(
  session: PgSession,
  { conditions, sql }: TableSource,
  incremental: readonly IncrementalColumn[],
  last: readonly Json[] | undefined,
): Promise<{ readonly conditions: readonly string[]; readonly lastRecord: readonly Json[] | undefined }> {
  if (incremental.length === 0) return { conditions, lastRecord: undefined };
  const after = last === undefined ? conditions : [...conditions, `(${conditionAfter(incremental, last)})`];
  const select = incremental.map(({ name }) => quoteName(name)).join(', ');
  const { rows } = await session.query(
    sql(after, { select, behind: `ORDER BY ${orderOf(incremental, ' DESC')} LIMIT 1` }),
  );
  const [row] = rows;
  if (row === undefined) return { conditions: [...after, 'false'], lastRecord: undefined };
  const lastRecord = lastRecordOf(
    incremental.map((column, index) => ({ ...column, index })),
    row,
  );
  return { conditions: [...after, `NOT (${conditionAfter(incremental, lastRecord)})`], lastRecord };
}

/** Steps of a plan after which a row is no longer one of the table. */
const gathering: ReadonlySet<string> = new Set(['Aggregate', 'Group', 'Unique', 'WindowAgg', 'Limit', 'SetOp']);

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Parent Relationship'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** A `select` that counts, or drops repeated rows, would do so for each range. */
async function checkRowwise(session: PgSession, { table, conditions, sql }: TableSource): Promise<void> {
  const kind = await session.query("SELECT relkind IN ('v', 'f') FROM pg_class WHERE oid = $1::regclass", [table]);
  // What a view does with its rows is its own matter.
  if (kind.rows[0]?.[0] === 't') return;
  const { rows } = await session.query(`EXPLAIN (FORMAT JSON) ${sql(conditions)}`);
  // The server's own layout.
  const [{ Plan: root }] = JSON.parse(rows[0]?.[0] ?? '[{}]') as [{ Plan?: PlanNode }];
  for (let node = root; node !== undefined;) {
    if (gathering.has(node['Node Type'])) {
      const reason = 'with `parallel` each row of the table has to give a row: no DISTINCT, no aggregates in `select`';
      throw postgresErrors.error('PG_CONFIG', { reason }, { where: { path: ['select'] } });
    }
    node = node.Plans?.find((child) => child['Parent Relationship'] === 'Outer');
  }
}
