import { z } from 'zod';
import { option } from '#spi/fields.ts';

const name = option(z.string(), {
  title: 'Name',
  description: 'Name of the column; or a JSON path (`$.column.name`) to a value inside a json column.',
});

const column = z.strictObject({
  name,
  src: option(z.string().optional(), {
    title: 'Source',
    description: 'Takes the values of this column; for a JSON path, another path of the same parent.',
  }),
  default: option(z.string().optional(), {
    title: 'Default',
    description: 'Stands where the value is null or there is none; read as text of the type.',
    examples: ['0', '2026-01-01 00:00:00 +0000'],
    'x-variables': 'text',
  }),
  type: option(z.enum(['boolean', 'long', 'double', 'string', 'timestamp', 'json']).optional(), {
    title: 'Type',
    description: 'Type of a column that the input does not have, and of the default of a JSON path.',
  }),
  format: option(z.string().optional(), {
    title: 'Format',
    description: 'Format of the default of a timestamp column, instead of `default_timestamp_format`.',
  }),
  timezone: option(z.string().optional(), {
    title: 'Time zone',
    description: 'Zone of the default of a timestamp column that names none, instead of `default_timezone`.',
  }),
});

export const columnConfig = z.strictObject({
  columns: option(z.array(column).default([]), {
    title: 'Columns',
    description: 'The columns that the output has, and no others, in this order.',
    examples: [[{ name: 'id' }, { name: 'user', src: 'user_name' }, { name: 'version', type: 'long', default: '1' }]],
  }),
  add_columns: option(z.array(column).default([]), {
    title: 'Add columns',
    description: 'Columns to append; each gives `src`, or `type` and `default`.',
  }),
  drop_columns: option(z.array(z.strictObject({ name })).default([]), {
    title: 'Drop columns',
    description: 'Columns to leave out; names that no column has are ignored. Not together with `columns`.',
  }),
  default_timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%N %z'), {
    title: 'Default timestamp format',
    description: 'Format of the defaults of timestamp columns.',
  }),
  default_timezone: option(z.string().default('UTC'), {
    title: 'Default time zone',
    description: 'Zone of the defaults of timestamp columns that name none.',
  }),
});

export type ColumnConfig = z.output<typeof columnConfig>;
export type ColumnEntry = ColumnConfig['columns'][number];
