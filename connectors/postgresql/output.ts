/**
 * Loads a table. Every task copies into a table of its own; one transaction brings them into the target. Direct modes
 * write into the target at once, task by task.
 */
import type { Context } from '#spi/context.ts';
import type { Output } from '#spi/records.ts';
import type { RunId } from '#connectors/sql/run-names.ts';
import { PgSession } from './client.ts';
import type { PostgresqlOutputConfig } from './config.ts';
import { dropRun, lockRun, lockTarget } from './intermediate.ts';
import { commitDirect, commitLoad } from './load-commit.ts';
import { checkOutputOptions, createSql, isDirect, planLoad } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { openLoad } from './load-sink.ts';
import { withRetries } from '#connectors/sql/retry.ts';
import { quoteTable } from './sql.ts';

/** Sessions that say that a run of this process lives: from its plan to its end. */
const living = new Map<RunId, PgSession>();

export const postgresqlOutput: Output<PostgresqlOutputConfig, LoadPlan> = {
  async plan(config, schema, _taskCount, ctx) {
    checkOutputOptions(config);
    // Not tried again: nothing is lost yet, and a wrong option should show at once.
    const session = await PgSession.open(config, ctx);
    try {
      const plan = await planLoad(session, config, schema, ctx);
      if (isDirect(config)) {
        await beginDirect(session, config, plan);
        await session.close();
      } else {
        await lockRun(session, plan.run);
        // A run that is to be resumed ends without a clean-up: its process must end, too.
        session.unref();
        living.set(plan.run, session);
      }
      return plan;
    } catch (error) {
      await session.close();
      throw error;
    }
  },

  open: openLoad,

  async commit(config, plan, reports, ctx) {
    await withRetries(config, ctx, () => commitOnce(config, plan, reports, ctx));
    return {};
  },

  async cleanup(config, plan, _reports, { log }) {
    if (isDirect(config) && config.after_load === undefined) return;
    try {
      // Also after a stop: what it left behind goes.
      await using session = await PgSession.open(config, { log });
      await dropRun(session, plan.workSchema, plan.table, plan.run);
    } finally {
      await living.get(plan.run)?.close();
      living.delete(plan.run);
    }
  },
};

async function beginDirect(session: PgSession, config: PostgresqlOutputConfig, plan: LoadPlan): Promise<void> {
  const target = quoteTable(config.schema, plan.table);
  await session.query('BEGIN');
  if (plan.isNew) {
    await lockTarget(session, target);
    await session.query(createSql(target, plan.columns, config));
  }
  if (config.before_load !== undefined) await session.query(config.before_load);
  await session.query('COMMIT');
}

async function commitOnce(
  config: PostgresqlOutputConfig,
  plan: LoadPlan,
  reports: Parameters<Output<PostgresqlOutputConfig>['commit']>[2],
  ctx: Context,
): Promise<void> {
  if (isDirect(config) && config.after_load === undefined) return;
  const session = await PgSession.open(config, ctx);
  try {
    if (isDirect(config)) await commitDirect(session, config, plan, ctx.log);
    else await commitLoad(session, config, plan, reports);
  } finally {
    await session.close();
  }
}
