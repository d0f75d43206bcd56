/**
 * Reads a table or query. The schema comes from a prepared statement; the rows in the binary protocol, in one read-only
 * snapshot, straight from packets into batches.
 */
import type { Context } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Input } from '#spi/records.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import { checkReadOptions } from '#connectors/sql/read-options.ts';
import { MySqlSession } from './client.ts';
import type { PreparedRows } from './client.ts';
import { mysqlErrors } from './errors.ts';
import { configError, incrementalColumns, lastRecordOf, opaque } from './incremental.ts';
import type { IncrementalColumn } from './incremental.ts';
import type { MysqlInputConfig } from './input-config.ts';
import { defaultFormat, readerSpec, warnOfUnknownColumns } from './reader-options.ts';
import type { ReaderSpec } from './reader-spec.ts';
import { RowReader } from './row-reader.ts';
import { sourceType } from './source-types.ts';
import { baseStatement } from './statements.ts';

// A type, not an interface: tasks are plain JSON, and interfaces are not assignable to that.
type ReadTask = {
  readonly sql: string;
  readonly readers: readonly ReaderSpec[];
  readonly incremental: readonly IncrementalColumn[];
};

export const mysqlInput: Input<MysqlInputConfig, ReadTask> = {
  async plan(config, ctx) {
    checkOptions(config);
    await using session = await MySqlSession.open(config, ctx);
    if (config.before_setup !== undefined) await session.query(config.before_setup);
    const statement = await baseStatement(session, config, ctx);
    const { fields } = await session.prepare(statement.sql);
    if (fields.length === 0) throw mysqlErrors.error('MYSQL_NO_COLUMNS', { sql: statement.sql });
    const types = fields.map(sourceType);
    const names = fields.map(({ name }) => name);
    warnOfUnknownColumns(config, names, ctx);
    const readers = fields.map((field) => readerSpec(config, field.name, sourceType(field)));
    const schema = schemaOf(readers);
    checkReaders(schema, readers, ctx);
    const incremental = incrementalColumns(statement.incremental, names, types);
    return { schema, tasks: statement.rows(incremental).map((sql) => ({ sql, readers, incremental })) };
  },

  async *read(config, task, schema, ctx) {
    const reader = new RowReader(schema, task.readers, ctx.log);
    const session = await MySqlSession.open(config, ctx);
    let isDone = false;
    try {
      const rows = await beginReading(session, config, task.sql);
      checkColumns(rows, task.readers);
      for await (const bytes of session.rows(rows)) {
        ctx.progress(bytes.end - bytes.start);
        reader.feed(bytes);
        for (let batch = reader.next(); batch !== undefined; batch = reader.next()) yield batch;
      }
      const rest = reader.rest();
      if (rest !== undefined) yield rest;
      if (config.after_select !== undefined) await session.query(config.after_select);
      await session.query('COMMIT');
      isDone = true;
    } finally {
      await (isDone ? session.close() : session.abandon());
    }
    const last = task.incremental.length === 0 ? undefined : reader.lastRow();
    return last === undefined ? {} : { last_record: lastRecordOf(task.incremental, last) };
  },

  async commit(config, _tasks, reports) {
    if (!config.incremental) return {};
    const last = reports[0]?.['last_record'] ?? config.last_record;
    return last === undefined ? {} : { last_record: last };
  },
};

async function beginReading(session: MySqlSession, config: MysqlInputConfig, sql: string): Promise<PreparedRows> {
  const isReadOnly = config.before_select === undefined && config.after_select === undefined;
  await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await session.query(`START TRANSACTION WITH CONSISTENT SNAPSHOT${isReadOnly ? ', READ ONLY' : ''}`);
  if (config.before_select !== undefined) await session.query(config.before_select);
  return session.prepare(sql);
}

/** Somebody may alter a table between the plan and the rows. */
function checkColumns({ fields }: PreparedRows, readers: readonly ReaderSpec[]): void {
  const isSame = fields.every((field, index) => {
    const { wire, kind, isUnsigned } = sourceType(field);
    const planned = readers[index]?.source;
    return planned?.wire === wire && planned.kind === kind && planned.isUnsigned === isUnsigned;
  });
  if (fields.length !== readers.length || !isSame) throw mysqlErrors.error('MYSQL_COLUMNS_CHANGED');
}

function checkOptions(config: MysqlInputConfig): void {
  checkReadOptions(config, opaque, configError);
  const { parallel: tasks, incremental, query, order_by: order } = config;
  if (tasks > 1 && (incremental || query !== undefined)) {
    throw configError('`parallel` cuts a table; it goes neither with `query` nor with `incremental`', 'parallel');
  }
  if (tasks > 1 && order !== undefined) {
    throw configError('ranges that are read at once have no order together; leave `order_by` out', 'order_by');
  }
  for (const option of ['datetime_timezone', 'default_timezone'] as const) {
    if (zoneOfName(config[option]) === undefined) throw configError(`there is no zone '${config[option]}'`, option);
  }
}

function checkReaders(schema: Schema, readers: readonly ReaderSpec[], ctx: Context): void {
  try {
    void new RowReader(schema, readers, ctx.log);
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: ['column_options'] }) : error;
  }
}

function schemaOf(readers: readonly ReaderSpec[]): Schema {
  return {
    columns: readers.map(({ name, type, kind, source }): Column => {
      const format = type === 'timestamp' ? defaultFormat(kind, 0) : undefined;
      return { name, type, ...(format === undefined || source.wire === 'null' ? {} : { format }) };
    }),
  };
}
