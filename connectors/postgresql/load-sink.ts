/** The rows of one task on their way: a COPY into a table of the task's own, or straight into the target. */
import { assert } from '#spi/assert.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Sink } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { PgSession } from './client.ts';
import { mergeSql } from './commit-sql.ts';
import type { PostgresqlOutputConfig } from './config.ts';
import { CopyWriter } from './copy-writer.ts';
import { lockRun, lockTarget, names } from './intermediate.ts';
import { isDirect, isolationOf } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { checkNoNullKeys } from './load-commit.ts';
import { withRetries } from '#connectors/sql/retry.ts';
import { quoteTable } from './sql.ts';
import { columnDefinitions, columnList } from './target-columns.ts';

/** The table of a task of `merge_direct`: only its own session sees it. */
const DIRECT_TABLE = 'pg_temp.ropeway_rows';

export async function openLoad(
  config: PostgresqlOutputConfig,
  plan: LoadPlan,
  schema: Schema,
  ctx: TaskContext,
): Promise<Sink> {
  const writer = new CopyWriter(schema, plan.columns);
  const place = { table: plan.table };
  const session = await withRetries(config, ctx, () => PgSession.open(config, ctx));
  try {
    const table = await beginTable(session, config, plan, ctx.taskIndex);
    const copy = await session.copyIn(`COPY ${table} (${columnList(plan.columns)}) FROM STDIN`, place);
    return {
      async write(batch) {
        await copy.write(writer.write(batch));
      },
      async close() {
        writer.release();
        const rows = await copy.finish();
        assert(rows === writer.rows, `the server counts the rows that were sent (${rows} of ${writer.rows})`);
        if (config.mode === 'merge_direct') await mergeDirectly(session, config, plan);
        await session.query('COMMIT', undefined, place);
        await session.close();
        return { task: ctx.taskIndex, rows };
      },
      async abort() {
        writer.release();
        await session.abandon();
      },
    };
  } catch (error) {
    await session.abandon();
    throw error;
  }
}

/** Begins the transaction of the task; returns the table that its rows go into, as SQL. */
async function beginTable(
  session: PgSession,
  config: PostgresqlOutputConfig,
  plan: LoadPlan,
  task: number,
): Promise<string> {
  if (!isDirect(config)) await lockRun(session, plan.run);
  await session.query(`BEGIN${isolationOf(config)}`);
  if (config.mode === 'insert_direct') return quoteTable(config.schema, plan.table);
  const definitions = columnDefinitions(plan.columns);
  if (config.mode === 'merge_direct') {
    await session.query(`CREATE TEMP TABLE ropeway_rows (${definitions}) ON COMMIT DROP`);
    return DIRECT_TABLE;
  }
  const table = quoteTable(plan.workSchema, names.name(plan.table, plan.run, task));
  // A resumed run may do a task again whose rows are there already.
  await session.query(`DROP TABLE IF EXISTS ${table}`);
  const becomesTarget = isTargetOf(config, task);
  const option = becomesTarget ? (config.create_table_option ?? '') : '';
  // A table that is only read once more needs no log: a server that crashed empties it, which the commit notices.
  await session.query(`CREATE ${becomesTarget ? '' : 'UNLOGGED '}TABLE ${table} (${definitions}) ${option}`);
  return table;
}

/** The first task's table is the new target of `replace`, unless it needs a constraint: that has names of its own. */
function isTargetOf({ mode, create_table_constraint: constraint }: PostgresqlOutputConfig, task: number): boolean {
  return mode === 'replace' && constraint === undefined && task === 0;
}

async function mergeDirectly(session: PgSession, config: PostgresqlOutputConfig, plan: LoadPlan): Promise<void> {
  const target = quoteTable(config.schema, plan.table);
  // Tasks in turn: two that update the same rows in different orders would wait for each other.
  await lockTarget(session, target);
  await checkNoNullKeys(session, plan, [DIRECT_TABLE]);
  const { columns, keys } = plan;
  const sql = mergeSql({ target, tables: [DIRECT_TABLE], columns, keys, rule: config.merge_rule });
  await session.query(sql, undefined, { table: plan.table });
}
