import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { connectionFields } from './connection-fields.ts';

const outputColumn = z.strictObject({
  type: option(z.string().min(1).optional(), {
    title: 'SQL type',
    description: 'Type of the column when the table is created.',
    examples: ['DECIMAL(12, 2)', 'VARCHAR(40) NOT NULL'],
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

export const mysqlOutputConfig = z.strictObject({
  ...connectionFields(),
  temp_database: option(z.string().min(1).optional(), {
    title: 'Database of intermediate tables',
    description: 'By default that of the table. `mode: replace` does not use it.',
    'x-advanced': true,
    'x-variables': 'name',
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
      'updates rows that exist: each at once. The direct modes show rows as they come.',
  }),
  merge_keys: option(z.array(z.string().min(1)).optional(), {
    title: 'Merge keys',
    description: 'Not for MySQL: the primary and unique keys of the table decide which rows exist.',
    'x-advanced': true,
  }),
  merge_rule: option(z.array(z.string().min(1)).optional(), {
    title: 'Merge rule',
    description: 'Assignments for rows that exist, with `VALUES(column)` for the new ones; by default all columns.',
    examples: [['`count` = `count` + VALUES(`count`)']],
    'x-variables': 'code',
  }),
  column_options: option(z.record(z.string(), outputColumn).default({}), {
    title: 'Column options',
    description: 'How single columns are created and written, by name.',
    examples: [{ price: { type: 'DECIMAL(12, 2)' } }],
  }),
  ignore_unmatched_columns: option(z.boolean().default(false), {
    title: 'Ignore unmatched columns',
    description: 'Leaves out columns of the input that the table does not have, instead of an error.',
  }),
  invalid_records: option(z.enum(['fail', 'skip']).default('fail'), {
    title: 'Invalid records',
    description:
      'What happens to records with a value that does not fit: the run fails, or leaves them out. What only the ' +
      'server can tell (dates in texts, keys that exist, checks) fails always.',
  }),
  binary_format: option(z.enum(['hex', 'base64', 'text']).default('hex'), {
    title: 'Binary format',
    description: 'How strings say what goes into BINARY, VARBINARY and BLOB; `text` writes them as UTF-8.',
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
    examples: ['ROW_FORMAT=COMPRESSED'],
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
    description: 'SQL after the rows came into the table, in the same transaction; with `replace` after the exchange.',
    'x-advanced': true,
    'x-variables': 'code',
  }),
  transaction_isolation: option(
    z.enum(['read_uncommitted', 'read_committed', 'repeatable_read', 'serializable']).optional(),
    { title: 'Isolation', description: 'Isolation level of the transactions.', 'x-advanced': true },
  ),
  retry_limit: option(z.number().int().min(0).default(12), {
    title: 'Retries',
    description: 'How often connecting, loading and committing are tried again when that can help.',
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
    description: 'Bytes that are sent to the server in one statement at most; 4 MiB are enough, and never exceeded.',
    'x-advanced': true,
  }),
});

export type MysqlOutputConfig = z.output<typeof mysqlOutputConfig>;
