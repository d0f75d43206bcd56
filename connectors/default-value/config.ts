import { z } from 'zod';
import { option } from '#spi/fields.ts';

const value = option(z.string(), {
  title: 'Value',
  description: 'What stands for a missing value, as text of the type of the column.',
  examples: ['0', 'unknown', '2026-01-01 00:00:00 +0000'],
  'x-variables': 'text',
});

const byType = {
  type: option(z.enum(['boolean', 'long', 'double', 'string', 'timestamp', 'json']), {
    title: 'Type',
    description: 'Columns of this type.',
  }),
  value,
};

const byName = {
  name: option(z.string(), { title: 'Name', description: 'Name of the column.' }),
  value,
};

const format = option(z.string().optional(), {
  title: 'Format',
  description: 'Format of the value for timestamps, instead of `default_timestamp_format`.',
});
const timezone = option(z.string().optional(), {
  title: 'Time zone',
  description: 'Zone of a value for timestamps that names none, instead of `default_timezone`.',
});

export const defaultValueConfig = z.strictObject({
  columns: option(z.array(z.strictObject({ ...byName, format, timezone })).default([]), {
    title: 'Columns',
    description: 'Columns and their values; they come before `types`.',
    examples: [[{ name: 'country', value: 'JP' }]],
  }),
  types: option(z.array(z.strictObject({ ...byType, format, timezone })).default([]), {
    title: 'Types',
    description: 'Values for all columns of a type.',
    examples: [[{ type: 'long', value: '0' }]],
  }),
  replace_empty_strings: option(z.boolean().default(false), {
    title: 'Replace empty strings',
    description: 'An empty text, too, is a missing value; otherwise nulls alone are.',
  }),
  default_timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%N %z'), {
    title: 'Default timestamp format',
    description: 'Format of values for timestamp columns.',
  }),
  default_timezone: option(z.string().default('UTC'), {
    title: 'Default time zone',
    description: 'Zone of values for timestamp columns that name none.',
  }),
});

export type DefaultValueConfig = z.output<typeof defaultValueConfig>;
/** An entry of one of the two lists. */
export type DefaultEntry = Omit<DefaultValueConfig['columns'][number], 'name'>;
