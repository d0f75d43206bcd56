/**
 * Loads a table. Every task loads into a table of its own; the commit brings them into the target at once. Direct modes
 * write into the target as rows come.
 */
import type { Context } from '#spi/context.ts';
import type { Output, Report } from '#spi/records.ts';
import { withRetries } from '#connectors/sql/retry.ts';
import type { RunId } from '#connectors/sql/run-names.ts';
import { MySqlSession } from './client.ts';
import { createSql } from './commit-sql.ts';
import { dropLeftovers, dropRun, lockTarget, tableExists, unlockTarget } from './intermediate.ts';
import { commitLoad } from './load-commit.ts';
import { checkOutputOptions, isDirect, planLoad } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { openLoad } from './load-sink.ts';
import type { MysqlOutputConfig } from './output-config.ts';
import { quoteTable } from './sql.ts';

/** Sessions that say that a run of this process lives: from its plan to its end. */
const living = new Map<RunId, MySqlSession>();

export const mysqlOutput: Output<MysqlOutputConfig, LoadPlan> = {
  async plan(config, schema, _taskCount, ctx) {
    checkOutputOptions(config);
    // Not tried again: nothing is lost yet, and a wrong option should show at once.
    const session = await openSession(config, ctx);
    try {
      const plan = await planLoad(session, config, schema, ctx);
      if (isDirect(config)) {
        await beginDirect(session, config, plan);
        await session.close();
      } else {
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
    if (isDirect(config)) return;
    try {
      // Also after a stop: what it left behind goes.
      await using session = await MySqlSession.open(config, { log, isLoading: true });
      for (const database of new Set([plan.workDatabase, config.database])) {
        await dropRun(session, database, plan.table, plan.run);
        // Once more: the server ends a statement before it notices that its client has died, and a run is taken for a
        // living one until then.
        await dropLeftovers(session, database, plan.table, log);
      }
    } finally {
      await living.get(plan.run)?.close();
      living.delete(plan.run);
    }
  },
};

async function openSession(config: MysqlOutputConfig, { log, signal }: Context): Promise<MySqlSession> {
  const session = await MySqlSession.open(config, { log, signal, isLoading: true });
  const level = config.transaction_isolation;
  if (level !== undefined) {
    await session.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${level.replace('_', ' ').toUpperCase()}`);
  }
  return session;
}

async function beginDirect(session: MySqlSession, config: MysqlOutputConfig, plan: LoadPlan): Promise<void> {
  const { database, before_load: before } = config;
  await lockTarget(session, database, plan.table);
  // Another run may have made it meanwhile.
  if (!(await tableExists(session, database, plan.table))) {
    await session.query(createSql(quoteTable(database, plan.table), plan.columns, config));
  }
  await unlockTarget(session, database, plan.table);
  if (before !== undefined) await session.query(before);
}

async function commitOnce(
  config: MysqlOutputConfig,
  plan: LoadPlan,
  reports: readonly Report[],
  ctx: Context,
): Promise<void> {
  if (isDirect(config) && config.after_load === undefined) return;
  const session = await openSession(config, ctx);
  try {
    if (isDirect(config)) await session.query(config.after_load ?? '');
    else await commitLoad(session, config, plan, reports, ctx.log);
  } finally {
    await session.close();
  }
}
