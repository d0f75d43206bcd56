import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { connectionFields } from './connection-fields.ts';

const inputColumn = z.strictObject({
  value_type: option(
    z
      .enum(['coalesce', 'boolean', 'long', 'double', 'float', 'string', 'json'])
      .or(z.enum(['date', 'time', 'timestamp', 'decimal']))
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

export const mysqlInputConfig = z.strictObject({
  ...connectionFields(),
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
  parallel: option(z.number().int().min(1).max(64).default(1), {
    title: 'Parallel tasks',
    description:
      'With `table`: so many tasks read a range of it each, by a column of whole numbers. The order of the rows is ' +
      'lost, and each task has a snapshot of its own: MySQL has none that connections could share.',
    examples: [4],
  }),
  split_column: option(z.string().min(1).optional(), {
    title: 'Split column',
    description: 'With `parallel`: the column; by default the primary key when that is one whole number.',
    'x-advanced': true,
  }),
  column_options: option(z.record(z.string(), inputColumn).default({}), {
    title: 'Column options',
    description: 'How single columns are read, by name.',
    examples: [{ price: { type: 'string' } }],
  }),
  default_column_options: option(z.record(z.string(), inputColumn).default({}), {
    title: 'Default column options',
    description: 'The same by the JDBC name or the MySQL name of a type, for columns that have none of their own.',
    examples: [{ DECIMAL: { type: 'string' } }],
  }),
  zero_dates: option(z.enum(['error', 'null']).default('null'), {
    title: 'Zero dates',
    description: 'What `0000-00-00` and other days that the calendar does not have are: null, or an error.',
  }),
  binary_format: option(z.enum(['hex', 'base64', 'text']).default('hex'), {
    title: 'Binary format',
    description: 'How BINARY, VARBINARY and BLOB become strings; `text` takes them for UTF-8.',
  }),
  datetime_timezone: option(z.string().default('UTC'), {
    title: 'Time zone of DATETIME',
    description: 'Zone in which values of DATETIME, which have none, are meant. A TIMESTAMP is an instant.',
    examples: ['Asia/Tokyo'],
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
  use_legacy_datetime_code: option(z.boolean().default(false), {
    title: 'Legacy datetime code',
    description: 'Taken for configs of Embulk; `datetime_timezone` says how values without a zone are read.',
    'x-advanced': true,
  }),
});

export type MysqlInputConfig = z.output<typeof mysqlInputConfig>;
export type InputColumnOptions = z.output<typeof inputColumn>;
