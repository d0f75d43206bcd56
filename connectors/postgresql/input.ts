/**
 * Reads a table or query. The schema comes from a described statement; the rows through COPY, in one read-only
 * snapshot, straight from bytes into batches.
 */
import type { Context } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Json } from '#spi/json.ts';
import type { Input } from '#spi/records.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { checkLastRecord, replacePlaceholders } from '#connectors/sql/read-options.ts';
import { cellReader } from './cell-readers.ts';
import type { ReaderSpec } from './cell-readers.ts';
import { PgSession } from './client.ts';
import type { InputColumnOptions, PostgresqlInputConfig } from './config.ts';
import { CopyReader } from './copy-reader.ts';
import { postgresErrors } from './errors.ts';
import {
  checkInputOptions,
  conditionAfter,
  configError,
  incrementalColumns,
  lastRecordOf,
  opaque,
  orderOf,
  untypedLiteral,
} from './incremental.ts';
import type { IncrementalColumn } from './incremental.ts';
import { planSlices } from './parallel-read.ts';
import type { TableSource } from './parallel-read.ts';
import { joinSnapshot, releaseSnapshot } from './snapshot.ts';
import type { SharedSnapshot } from './snapshot.ts';
import { quoteTable } from './sql.ts';
import { defaultTypes, sourceTypes } from './source-types.ts';
import type { SourceKind, SourceType } from './source-types.ts';
import { findTable, matchName, primaryKey } from './tables.ts';

// A type, not an interface: tasks are plain JSON, and interfaces are not assignable to that.
type ReadTask = {
  readonly sql: string;
  readonly readers: readonly { readonly [Key in keyof ReaderSpec]: ReaderSpec[Key] }[];
  readonly incremental: readonly { readonly [Key in keyof IncrementalColumn]: IncrementalColumn[Key] }[];
  /** Shared with the other tasks; their last record is known beforehand. */
  readonly snapshot?: SharedSnapshot;
  readonly lastRecord?: readonly Json[];
};

export const postgresqlInput: Input<PostgresqlInputConfig, ReadTask> = {
  async plan(config, ctx) {
    checkInputOptions(config);
    await using session = await PgSession.open(config, ctx);
    if (config.before_setup !== undefined) await session.query(config.before_setup);
    const statement = await baseStatement(session, config, ctx);
    const fields = await session.describe(statement.sql);
    if (fields.length === 0) throw postgresErrors.error('PG_NO_COLUMNS', { sql: statement.sql });
    const types = await sourceTypes(session, fields);
    const names = fields.map(({ name }) => name);
    warnOfUnknownColumns(config, names, ctx);
    const specs = fields.map(({ name }, index) => readerSpec(config, name, types[index] as SourceType));
    for (const spec of specs) checkReader(spec, ctx);
    const incremental = incrementalColumns(statement.incremental, names, types);
    const schema = schemaOf(specs);
    const { source } = statement;
    if (config.parallel === 1 || source === undefined || ctx.isPreview) {
      const sql = withJson(statement.rows(incremental), specs, types);
      return { schema, tasks: [{ sql, readers: specs, incremental }] };
    }
    if (config.incremental) checkLastRecord(config.last_record, incremental.length, configError);
    const { statements, snapshot, lastRecord } = await planSlices(config, source, incremental, ctx);
    const tasks = statements.map((sql): ReadTask => {
      const last = lastRecord === undefined ? {} : { lastRecord };
      return { sql: withJson(sql, specs, types), readers: specs, incremental: [], snapshot, ...last };
    });
    return { schema, tasks };
  },

  async *read(config, task, schema, ctx) {
    const reader = new CopyReader(schema, task.readers, ctx.log);
    const session = await PgSession.open(config, ctx);
    let isDone = false;
    let last: readonly (string | null)[] | undefined;
    try {
      await begin(session, config, task, ctx);
      if (config.before_select !== undefined) await session.query(config.before_select);
      for await (const bytes of session.copyOut(`COPY (\n${task.sql}\n) TO STDOUT`)) {
        ctx.progress(bytes.length);
        reader.feed(bytes);
        for (let batch = reader.next(); batch !== undefined; batch = reader.next()) yield batch;
      }
      reader.end();
      if (config.after_select !== undefined) await session.query(config.after_select);
      await session.query('COMMIT');
      isDone = true;
      last = task.incremental.length === 0 ? undefined : reader.lastRow();
    } finally {
      reader.close();
      await (isDone ? session.close() : session.abandon());
    }
    return last === undefined ? {} : { last_record: lastRecordOf(task.incremental, last) };
  },

  async release(_config, [task]) {
    if (task?.snapshot !== undefined) await releaseSnapshot(task.snapshot);
  },

  async commit(config, tasks, reports) {
    if (!config.incremental) return {};
    const last = tasks[0]?.lastRecord ?? reports[0]?.['last_record'] ?? config.last_record;
    return last === undefined ? {} : { last_record: last };
  },
};

async function begin(
  session: PgSession,
  config: PostgresqlInputConfig,
  { snapshot }: ReadTask,
  ctx: Context,
): Promise<void> {
  if (snapshot !== undefined) {
    await joinSnapshot(session, snapshot, ctx);
    return;
  }
  const isReadOnly = config.before_select === undefined && config.after_select === undefined;
  await session.query(`BEGIN ISOLATION LEVEL REPEATABLE READ${isReadOnly ? ' READ ONLY' : ''}`);
}

/** A statement whose columns are those of the rows, and what makes it the statement for the rows. */
interface Statement {
  readonly sql: string;
  /** Names of the incremental columns, as configured. */
  readonly incremental: readonly string[];
  /** Of a table, which may be read by several tasks. */
  readonly source?: TableSource;
  rows(incremental: readonly IncrementalColumn[]): string;
}

async function baseStatement(session: PgSession, config: PostgresqlInputConfig, ctx: Context): Promise<Statement> {
  return config.query === undefined ? tableStatement(session, config, ctx) : queryStatement(config.query, config);
}

async function tableStatement(session: PgSession, config: PostgresqlInputConfig, ctx: Context): Promise<Statement> {
  const { schema, table = '', select, where, order_by: order, last_record: last } = config;
  const name = quoteTable(schema, (await findTable(session, schema, table)) ?? table);
  const condition = where === undefined ? [] : [`(${where}\n)`];
  const source: TableSource = {
    table: name,
    conditions: condition,
    sql: (conditions, { select: expressions = select, behind = '' } = {}) =>
      `SELECT ${expressions} FROM ${name}` +
      `${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`} ${behind}`,
  };
  const plain = source.sql(condition, order === undefined ? {} : { behind: `ORDER BY ${order}` });
  if (!config.incremental) return { sql: plain, incremental: [], source, rows: () => plain };
  let incremental: readonly string[] = config.incremental_columns;
  if (incremental.length === 0) {
    // A table that does not exist is the server's to complain about.
    incremental = (await findTable(session, schema, table)) === undefined ? ['?'] : await primaryKey(session, name);
    if (incremental.length === 0) {
      const reason = `\`incremental\` needs \`incremental_columns\`, for the table ${name} has no primary key`;
      throw postgresErrors.error('PG_CONFIG', { reason }, { where: { path: ['incremental'] } });
    }
    ctx.log.info('Using primary keys as incremental_columns.', { columns: incremental });
  }
  return {
    sql: plain,
    incremental,
    source,
    rows: (columns) => {
      checkLastRecord(last, columns.length, configError);
      const after = last === undefined ? [] : [`(${conditionAfter(columns, last)})`];
      return source.sql([...condition, ...after], { behind: `ORDER BY ${orderOf(columns)}` });
    },
  };
}

function queryStatement(query: string, config: PostgresqlInputConfig): Statement {
  const { incremental, incremental_columns: names, last_record: last } = config;
  const plain = query.replace(/[\s;]+$/, '');
  if (!incremental) return { sql: plain, incremental: [], rows: () => plain };
  if (config.use_raw_query_with_incremental) {
    const values = new Map(names.map((name, index) => [name, untypedLiteral(last?.[index] ?? null)]));
    const { sql } = replacePlaceholders(plain, values, opaque);
    return { sql, incremental: names, rows: () => sql };
  }
  return {
    sql: plain,
    incremental: names,
    rows: (columns) => {
      const after = last === undefined ? '' : ` WHERE ${conditionAfter(columns, last)}`;
      return `SELECT * FROM (\n${plain}\n) AS ropeway_rows${after} ORDER BY ${orderOf(columns)}`;
    },
  };
}

function warnOfUnknownColumns(config: PostgresqlInputConfig, names: readonly string[], ctx: Context): void {
  for (const name of Object.keys(config.column_options)) {
    if (matchName(name, names) === undefined) {
      ctx.log.warn('An entry of column_options is about no column.', { entry: name });
    }
  }
}

/** The entry of a column: its own, else that of its type. */
function optionsOf(
  config: PostgresqlInputConfig,
  name: string,
  type: SourceType,
): { options: InputColumnOptions | undefined; path: readonly string[] } {
  const own = config.column_options[name];
  if (own !== undefined) return { options: own, path: ['column_options', name] };
  const similar = matchKey(name, Object.keys(config.column_options));
  if (similar !== undefined) return { options: config.column_options[similar], path: ['column_options', similar] };
  const key = Object.keys(config.default_column_options).find((entry) => type.names.includes(entry.toUpperCase()));
  if (key === undefined) return { options: undefined, path: ['column_options'] };
  return { options: config.default_column_options[key], path: ['default_column_options', key] };
}

function matchKey(name: string, keys: readonly string[]): string | undefined {
  return matchName(name, keys, ['column_options']);
}

const defaultFormats: Readonly<Partial<Record<SourceKind, string>>> = {
  date: '%Y-%m-%d',
  time: '%H:%M:%S',
  timestamp: '%Y-%m-%d %H:%M:%S',
};

function readerSpec(config: PostgresqlInputConfig, name: string, type: SourceType): ReaderSpec {
  const { options } = optionsOf(config, name, type);
  const wanted = options?.value_type ?? 'coalesce';
  const isJson = type.isStructured && options?.type === 'json' && wanted === 'coalesce';
  const kind = isJson ? 'json' : kindOf(type.kind, wanted);
  return {
    name,
    kind,
    type: options?.type ?? defaultTypes[wanted === 'coalesce' ? kind : wanted],
    format: options?.timestamp_format ?? defaultFormats[kind] ?? '',
    timezone: options?.timezone ?? config.default_timezone,
    infiniteDates: config.infinite_dates,
  };
}

const numericKinds: ReadonlySet<SourceKind> = new Set(['boolean', 'long', 'float', 'double', 'decimal']);

/** How values are read that are wanted as something else than they are. */
function kindOf(kind: SourceKind, wanted: InputColumnOptions['value_type']): SourceKind {
  if (wanted === 'coalesce') return kind;
  // Their texts are special; numbers and booleans know how to become them.
  if (wanted === 'boolean' || wanted === 'long') return numericKinds.has(kind) ? kind : 'string';
  return kind === 'boolean' && numericKinds.has(wanted) ? kind : wanted;
}

function checkReader(spec: ReaderSpec, ctx: Context): void {
  try {
    cellReader(spec, ctx.log);
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: ['column_options'], field: spec.name }) : error;
  }
}

function schemaOf(specs: readonly ReaderSpec[]): Schema {
  return {
    columns: specs.map(({ name, type, kind }): Column => {
      const format = type === 'timestamp' ? defaultFormats[kind] : undefined;
      return { name, type, ...(format === undefined ? {} : { format }) };
    }),
  };
}

/** Arrays, ranges and composites that are to be json are made so by the server, which knows what is in them. */
function withJson(sql: string, specs: readonly ReaderSpec[], types: readonly SourceType[]): string {
  const isConverted = (index: number): boolean => specs[index]?.kind === 'json' && types[index]?.isStructured === true;
  if (!specs.some((_, index) => isConverted(index))) return sql;
  const names = specs.map((_, index) => `c${index}`);
  const values = names.map((name, index) => (isConverted(index) ? `to_json(${name})` : name));
  return `SELECT ${values.join(', ')} FROM (\n${sql}\n) AS ropeway_rows (${names.join(', ')})`;
}
