/**
 * How large the database has grown, for metrics and for warnings. Cheap: what the server knows anyway, nothing is
 * counted.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

export interface TableGrowth {
  readonly table: string;
  /** An estimate. */
  readonly rows: number;
  /** With indexes, large values, and what is free for reuse. */
  readonly bytes: number;
}

export async function growth(db: Kysely<Tables>): Promise<readonly TableGrowth[]> {
  const { rows } = await sql<TableGrowth>`
    select c.relname as table, pg_total_relation_size(c.oid)::float8 as bytes,
      -- Of a database that was copied the statistics know nothing yet.
      greatest(s.n_live_tup, 0, case when coalesce(s.last_analyze, s.last_autoanalyze) is null
        then c.reltuples end)::float8 as rows
    from pg_class c left join pg_stat_user_tables s on s.relid = c.oid
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
    order by bytes desc, c.relname`.execute(db);
  return rows;
}
