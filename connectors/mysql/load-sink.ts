/** The rows of one task on their way: into a table of the task's own, or straight into the target. */
import { ByteSink } from '#spi/byte-sink.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, RopewayError } from '#spi/errors.ts';
import type { Sink } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { withRetries } from '#connectors/sql/retry.ts';
import { MySqlSession } from './client.ts';
import { createSql, createWorkSql, mergeSql } from './commit-sql.ts';
import { insertLiterals, loadSql, loadText } from './dialect.ts';
import { mysqlErrors } from './errors.ts';
import { lockRun, names } from './intermediate.ts';
import { isDirect } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { sendRows } from './loader.ts';
import type { Load, LoadTarget } from './loader.ts';
import type { MysqlOutputConfig } from './output-config.ts';
import { RowWriter } from './row-writer.ts';
import { quoteName, quoteTable } from './sql.ts';

/** The table of a task of `merge_direct`: only its own session sees it. */
const DIRECT_TABLE = quoteName('ropeway_rows');

export async function openLoad(
  config: MysqlOutputConfig,
  plan: LoadPlan,
  schema: Schema,
  ctx: TaskContext,
): Promise<Sink> {
  const load = new TaskLoad(config, plan, ctx);
  const dialect = plan.dialect === 'load' ? loadText : insertLiterals;
  const skipsInvalid = config.invalid_records === 'skip';
  const options = { schema, columns: plan.columns, dialect, skipsInvalid, ctx };
  let sink = new ByteSink(plan.statementBytes);
  let other = new ByteSink(plan.statementBytes);
  const writer = new RowWriter(options, sink);
  // One statement is under way while the rows of the next are written.
  let sent: Promise<void> = Promise.resolve();
  let rows = 0;
  const send = async (): Promise<void> => {
    await sent;
    const records = writer.held.splice(0);
    if (records.length === 0) return;
    rows += records.length;
    const { buffer, byteOffset, length } = sink.view();
    sent = load.send({ bytes: Buffer.from(buffer, byteOffset, length), records });
    // Whoever waits for it next is told.
    sent.catch(() => {});
    [sink, other] = [other, sink];
    sink.clear();
    writer.sink = sink;
  };
  await load.begin();
  return {
    async write(batch) {
      writer.write(batch);
      if (sink.length >= plan.statementBytes) await send();
    },
    async close() {
      await send();
      await sent;
      await load.end();
      return { task: ctx.taskIndex, rows };
    },
    abort: () => load.abort(),
  };
}

class TaskLoad {
  readonly #config: MysqlOutputConfig;
  readonly #plan: LoadPlan;
  readonly #ctx: TaskContext;
  readonly #target: LoadTarget;
  #session: MySqlSession | undefined;
  /** Rows that are in the task's table. */
  #rows = 0;

  constructor(config: MysqlOutputConfig, plan: LoadPlan, ctx: TaskContext) {
    this.#config = config;
    this.#plan = plan;
    this.#ctx = ctx;
    const dialect = plan.dialect === 'load' ? loadText : insertLiterals;
    const table = tableOf(config, plan, ctx.taskIndex);
    this.#target = { dialect, sql: loadSql(dialect, table, plan.columns), table, columns: plan.columns };
  }

  async begin(): Promise<void> {
    await withRetries(this.#config, this.#ctx, async () => {
      const session = await this.#open();
      try {
        await this.#makeTable(session);
      } catch (error) {
        await this.#leave();
        throw error;
      }
    });
  }

  async send(load: Load): Promise<void> {
    let isRepeated = false;
    await withRetries(this.#config, this.#ctx, async () => {
      try {
        await this.#sendOnce(load, isRepeated);
      } catch (error) {
        isRepeated = true;
        if (isRopewayError(error) && error.code !== 'MYSQL_CONFLICT') await this.#leave();
        throw this.#canRepeat(error) ? error : lasting(error);
      }
    });
    this.#rows += load.records.length;
  }

  async end(): Promise<void> {
    await this.#session?.close();
  }

  async abort(): Promise<void> {
    await this.#session?.abandon();
  }

  /** A direct load whose connection is lost may have been committed: once more would be twice. */
  #canRepeat(error: unknown): boolean {
    return !isDirect(this.#config) || (isRopewayError(error) && error.code === 'MYSQL_CONFLICT');
  }

  async #open(): Promise<MySqlSession> {
    const { log, signal } = this.#ctx;
    const session = await MySqlSession.open(this.#config, { log, signal, isLoading: true });
    this.#session = session;
    if (!isDirect(this.#config)) await lockRun(session, this.#plan.run);
    const level = this.#config.transaction_isolation;
    if (level !== undefined) {
      await session.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${level.replace('_', ' ').toUpperCase()}`);
    }
    return session;
  }

  async #leave(): Promise<void> {
    await this.#session?.abandon();
    this.#session = undefined;
  }

  async #makeTable(session: MySqlSession): Promise<void> {
    const { mode } = this.#config;
    const { columns } = this.#plan;
    const { table } = this.#target;
    if (mode === 'insert_direct') return;
    if (mode === 'merge_direct') {
      await session.query(`CREATE TEMPORARY ${createWorkSql(table, columns, true)}`);
      return;
    }
    // A resumed run may do a task again whose rows are there already.
    await session.query(`DROP TABLE IF EXISTS ${table}`);
    const becomesTarget = mode === 'replace' && this.#ctx.taskIndex === 0;
    await session.query(
      becomesTarget
        ? createSql(table, columns, this.#config)
        : `CREATE ${createWorkSql(table, columns, mode === 'merge')}`,
    );
  }

  async #sendOnce(load: Load, isRepeated: boolean): Promise<void> {
    const session = this.#session ?? (await this.#open());
    const { table } = this.#target;
    if (!isDirect(this.#config)) {
      // The statement may have done its work before the connection broke.
      if (isRepeated && (await this.#isDone(session, load.records.length))) return;
      await sendRows(session, this.#target, load);
      return;
    }
    await session.query('START TRANSACTION');
    try {
      await sendRows(session, this.#target, load);
      if (this.#config.mode === 'merge_direct') {
        const target = quoteTable(this.#config.database, this.#plan.table);
        await session.query(mergeSql(target, table, this.#plan.columns, this.#config.merge_rule), { table: target });
        await session.query(`DELETE FROM ${table}`);
      }
      await session.query('COMMIT', { table });
    } catch (error) {
      await session.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async #isDone(session: MySqlSession, rows: number): Promise<boolean> {
    const { table } = this.#target;
    const counted = await session.query(`SELECT count(*) FROM ${table}`);
    const found = Number(counted.rows[0]?.[0]);
    if (found === this.#rows) return false;
    if (found === this.#rows + rows) return true;
    throw mysqlErrors.error('MYSQL_INTERMEDIATE_GONE', { table, found, expected: this.#rows });
  }
}

/** The table that rows of the task go into, as SQL. */
function tableOf(config: MysqlOutputConfig, plan: LoadPlan, task: number): string {
  if (config.mode === 'insert_direct') return quoteTable(config.database, plan.table);
  if (config.mode === 'merge_direct') return DIRECT_TABLE;
  return quoteTable(plan.workDatabase, names.name(plan.table, plan.run, task));
}

/** The same error as one that is not tried again. */
function lasting(error: unknown): unknown {
  if (!isRopewayError(error)) return error;
  const { code, kind, message, hint, where, cause } = error;
  return new RopewayError(code, { kind, message, hint }, { where, cause });
}
