import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { connectionFields, transferFields } from './connection-fields.ts';

export const postgresqlConnectionConfig = z.strictObject(connectionFields());

export type PostgresqlConnectionConfig = z.output<typeof postgresqlConnectionConfig>;

const inputColumn = z.strictObject({
  value_type: option(
    z
      .enum([
        'coalesce',
        'boolean',
        'long',
        'double',
        'float',
        'string',
        'json',
        'date',
        'time',
        'timestamp',
        'decimal',
      ])
      .default('coalesce'),
    {
      title: 'Value type',
      description: 'What the values are read as; `coalesce` chooses by the type of the database.',
    },
  ),
  type: option(z.enum(['boolean', 'long', 'double', 'string', 'timestamp', 'json']).optional(), {
    title: 'Type',
    description: 'Type of the column in the records.',
  }),
  timestamp_format: option(z.string().optional(), {
    title: 'Timestamp format',
    description: "For dates and times that become strings: a format in Ruby's strftime notation.",
    examples: ['%Y-%m-%d %H:%M:%S.%6N'],
  }),
  timezone: option(z.string().optional(), {
    title: 'Time zone',
    description: 'For dates and times that become strings: the zone to write them in.',
  }),
});

export const postgresqlInputConfig = z.strictObject({
  ...transferFields(),
  table: option(z.string().min(1).optional(), {
    title: 'Table',
    description: 'Table or view to read; this or `query`.',
    examples: ['orders'],
    'x-variables': 'name',
  }),
  query: option(z.string().min(1).optional(), {
    title: 'Query',
    description: 'A statement that returns rows; this or `table`.',
    examples: ['SELECT id, total FROM orders WHERE total > 0'],
    'x-variables': 'code',
  }),
  select: option(z.string().default('*'), {
    title: 'Select',
    description: 'With `table`: the expressions to select.',
    examples: ['id, name, created_at'],
    'x-variables': 'code',
  }),
  where: option(z.string().optional(), {
    title: 'Where',
    description: 'With `table`: the condition of the rows.',
    'x-variables': 'code',
  }),
  order_by: option(z.string().optional(), {
    title: 'Order by',
    description: 'With `table`: the order of the rows; not with `incremental`.',
    'x-variables': 'code',
  }),
  parallel: option(z.number().int().min(1).max(64).default(1), {
    title: 'Parallel tasks',
    description:
      'With `table`: so many tasks read a part of it each, all in the same snapshot. The order of the rows is lost, and ' +
      '`select` must give a row for each row of the table.',
  }),
  split_column: option(z.string().min(1).optional(), {
    title: 'Split column',
    description:
      'With `parallel`: divides the table by the values of this column instead of the places of its rows on disk. Views, ' +
      'foreign and partitioned tables have no such places; of these the first column of the primary key is the default.',
    'x-advanced': true,
  }),
  incremental: option(z.boolean().default(false), {
    title: 'Incremental',
    description: 'Reads only rows behind the last one of the run before (with `-c`).',
  }),
  incremental_columns: option(z.array(z.string().min(1)).default([]), {
    title: 'Incremental columns',
    description: 'Columns that grow; by default the primary key of the table.',
    examples: [['updated_at', 'id']],
  }),
  last_record: option(z.array(z.json()).optional(), {
    title: 'Last record',
    description: 'Values of the incremental columns of the last row; incremental loading (`-c`) sets it.',
    examples: [['2024-01-31T00:00:00.000000', 17]],
  }),
  use_raw_query_with_incremental: option(z.boolean().default(false), {
    title: 'Raw incremental query',
    description: 'The `query` holds the incremental columns as `:name`, which stand for the values of `last_record`.',
    'x-advanced': true,
  }),
  column_options: option(z.record(z.string(), inputColumn).default({}), {
    title: 'Column options',
    description: 'How single columns are read, by name.',
    examples: [{ price: { type: 'string' } }],
  }),
  default_column_options: option(z.record(z.string(), inputColumn).default({}), {
    title: 'Default column options',
    description: 'The same by the JDBC name or the PostgreSQL name of a type, for columns that have none of their own.',
    examples: [{ NUMERIC: { type: 'string' } }],
  }),
  infinite_dates: option(z.enum(['error', 'null']).default('error'), {
    title: 'Infinite dates',
    description: 'What `infinity` in a date or timestamp is: an error, or null.',
  }),
  before_setup: option(z.string().optional(), {
    title: 'Before setup',
    description: 'SQL that is executed and committed before the schema is read.',
    'x-advanced': true,
    'x-variables': 'code',
  }),
  before_select: option(z.string().optional(), {
    title: 'Before select',
    description: 'SQL that is executed before the rows are read, in the same transaction.',
    'x-advanced': true,
    'x-variables': 'code',
  }),
  after_select: option(z.string().optional(), {
    title: 'After select',
    description:
      'SQL that is executed when all rows were handed over, in the same transaction; the output may fail later.',
    'x-advanced': true,
    'x-variables': 'code',
  }),
  fetch_rows: option(z.number().int().default(10_000), {
    title: 'Fetch rows',
    description: 'Taken for configs of Embulk; rows are streamed, and none wait in memory.',
    'x-advanced': true,
  }),
  socket_timeout: option(z.number().int().min(0).default(1800), {
    title: 'Socket timeout',
    description: 'Seconds for which the server may say nothing while we wait for it; 0 is without limit.',
    'x-advanced': true,
  }),
  statement_timeout_millis: option(z.number().int().min(0).optional(), {
    title: 'Statement timeout',
    description: 'Milliseconds after which the server ends a statement, reading all rows included.',
    'x-advanced': true,
  }),
});

export type PostgresqlInputConfig = z.output<typeof postgresqlInputConfig>;
export type InputColumnOptions = z.output<typeof inputColumn>;

const outputColumn = z.strictObject({
  type: option(z.string().min(1).optional(), {
    title: 'SQL type',
    description: 'Type of the column when the table is created.',
    examples: ['NUMERIC(12, 2)', 'VARCHAR(40) NOT NULL'],
  }),
  value_type: option(
    z
      .enum(['coerce', 'byte', 'short', 'int', 'long', 'float', 'double', 'decimal', 'boolean', 'string', 'nstring'])
      .or(z.enum(['date', 'time', 'timestamp', 'json', 'null', 'pass']))
      .default('coerce'),
    { title: 'Value type', description: 'What the values are written as; `coerce` chooses by the SQL type.' },
  ),
  timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%6N'), {
    title: 'Timestamp format',
    description: "For timestamps in columns of texts: a format in Ruby's strftime notation.",
  }),
  timezone: option(z.string().optional(), {
    title: 'Time zone',
    description: 'For timestamps in columns of texts or of types without a zone: the zone to write them in.',
  }),
});

export const postgresqlOutputConfig = z.strictObject({
  ...transferFields(),
  temp_schema: option(z.string().min(1).optional(), {
    title: 'Schema of intermediate tables',
    description: 'By default that of the table. `mode: replace` does not use it.',
    'x-advanced': true,
    'x-variables': 'name',
  }),
  role_name: option(z.string().min(1).optional(), {
    title: 'Role',
    description: 'Role to take on after connecting (SET ROLE).',
    'x-advanced': true,
  }),
  table: option(z.string().min(1), {
    title: 'Table',
    description: 'Table to load into.',
    examples: ['orders'],
    'x-variables': 'name',
  }),
  mode: option(z.enum(['insert', 'insert_direct', 'truncate_insert', 'replace', 'merge', 'merge_direct']), {
    title: 'Mode',
    description:
      '`insert` adds rows, `truncate_insert` puts them in place of all rows, `replace` makes a new table, `merge` ' +
      'updates rows that exist: each in one transaction. The direct modes show rows as they come.',
  }),
  merge_keys: option(z.array(z.string().min(1)).optional(), {
    title: 'Merge keys',
    description: 'Columns that identify a row; by default the primary key of the table.',
    examples: [['id']],
  }),
  merge_rule: option(z.array(z.string().min(1)).optional(), {
    title: 'Merge rule',
    description: 'Assignments for rows that exist, with `S` for the new row; by default every column is overwritten.',
    examples: [['"count" = "orders"."count" + S."count"']],
    'x-variables': 'code',
  }),
  column_options: option(z.record(z.string(), outputColumn).default({}), {
    title: 'Column options',
    description: 'How single columns are created and written, by name.',
    examples: [{ price: { type: 'NUMERIC(12, 2)' } }],
  }),
  ignore_unmatched_columns: option(z.boolean().default(false), {
    title: 'Ignore unmatched columns',
    description: 'Leaves out columns of the input that the table does not have, instead of an error.',
  }),
  create_table_constraint: option(z.string().min(1).optional(), {
    title: 'Table constraint',
    description: 'Put at the end of the columns of CREATE TABLE.',
    examples: ['PRIMARY KEY (id)'],
    'x-variables': 'code',
  }),
  create_table_option: option(z.string().min(1).optional(), {
    title: 'Table option',
    description: 'Put behind the columns of CREATE TABLE.',
    examples: ['TABLESPACE fast'],
    'x-advanced': true,
    'x-variables': 'code',
  }),
  before_load: option(z.string().optional(), {
    title: 'Before load',
    description: 'SQL before the rows come into the table, in the same transaction; in direct modes at the beginning.',
    'x-advanced': true,
    'x-variables': 'code',
  }),
  after_load: option(z.string().optional(), {
    title: 'After load',
    description: 'SQL after the rows came into the table, in the same transaction.',
    'x-advanced': true,
    'x-variables': 'code',
  }),
  transaction_isolation: option(
    z.enum(['read_uncommitted', 'read_committed', 'repeatable_read', 'serializable']).optional(),
    { title: 'Isolation', description: 'Isolation level of the transactions.', 'x-advanced': true },
  ),
  retry_limit: option(z.number().int().min(0).default(12), {
    title: 'Retries',
    description: 'How often connecting and committing are tried again when that can help.',
    'x-advanced': true,
  }),
  retry_wait: option(z.number().int().min(0).default(1000), {
    title: 'Retry wait',
    description: 'Milliseconds before the first of these; the time doubles with each.',
    'x-advanced': true,
  }),
  max_retry_wait: option(z.number().int().min(0).default(1_800_000), {
    title: 'Longest retry wait',
    description: 'Milliseconds between two of these at most.',
    'x-advanced': true,
  }),
  batch_size: option(z.number().int().default(16_777_216), {
    title: 'Batch size',
    description: 'Taken for configs of Embulk; rows are streamed, and none wait in memory.',
    'x-advanced': true,
  }),
});

export type PostgresqlOutputConfig = z.output<typeof postgresqlOutputConfig>;
