import { z } from 'zod';
import { option } from '#spi/fields.ts';

const unit = option(z.enum(['sec', 'milli', 'micro', 'nano']).default('sec'), {
  title: 'Unit',
  description: 'Unit of times that are numbers.',
});
const format = option(z.string().optional(), {
  title: 'Timestamp format',
  description: "Format of times that are texts, in Ruby's strptime notation; by default `%Y-%m-%d %H:%M:%S %z`.",
});

const toColumn = z.strictObject({
  name: option(z.string(), { title: 'Name', description: 'Name of the new column.' }),
  type: option(z.enum(['timestamp', 'long', 'string']).default('timestamp'), {
    title: 'Type',
    description: 'Type of the new column.',
  }),
  unix_timestamp_unit: unit,
  timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S %z'), {
    title: 'Timestamp format',
    description: "For a string column: its format, in Ruby's strftime notation.",
  }),
  timezone: option(z.string().default('UTC'), {
    title: 'Time zone',
    description: 'For a string column: the zone of its times, an offset, `UTC` or a region.',
    examples: ['Asia/Tokyo'],
  }),
});

const fromColumn = z.strictObject({
  name: option(z.string(), {
    title: 'Name',
    description: 'Name of the column with the time: long, string, timestamp or json.',
  }),
  unix_timestamp_unit: unit,
  timestamp_format: format,
  json_key: option(z.string().optional(), {
    title: 'JSON key',
    description: 'For a json column: the member of the object that has the time.',
  }),
  timezone: option(z.string().optional(), {
    title: 'Time zone',
    description: 'Zone of texts that name none, instead of `default_timezone`.',
  }),
  date: option(z.string().optional(), {
    title: 'Date',
    description: 'Date of texts without one, instead of `default_date`.',
  }),
  default_timezone: option(z.string().default('UTC'), {
    title: 'Default time zone',
    description: 'Zone of texts that name none.',
  }),
  default_date: option(z.string().default('1970-01-01'), {
    title: 'Default date',
    description: 'Date of texts without one. Write it in quotes.',
  }),
});

const fromValue = z.strictObject({
  mode: option(z.enum(['fixed_time', 'incremental_time', 'upload_time']).default('fixed_time'), {
    title: 'Mode',
    description:
      'The same time for all records (`value`), a second later for each (`from`, `to`), or the time of the run.',
  }),
  value: option(z.string().optional(), {
    title: 'Value',
    description: 'For `fixed_time`: the time, as text or number.',
    'x-variables': 'line',
  }),
  from: option(z.string().optional(), {
    title: 'From',
    description: 'For `incremental_time`: the first time.',
    'x-variables': 'line',
  }),
  to: option(z.string().optional(), {
    title: 'To',
    description: 'For `incremental_time`: the last time; after it, the first one comes again.',
    'x-variables': 'line',
  }),
  unix_timestamp_unit: unit,
  timestamp_format: format,
});

export const addTimeConfig = z.strictObject({
  to_column: option(toColumn, { title: 'To column', description: 'The column to add, behind all others.' }),
  from_column: option(fromColumn.optional(), {
    title: 'From column',
    description: 'Takes the time from another column. Give either this or `from_value`.',
  }),
  from_value: option(fromValue.optional(), {
    title: 'From value',
    description: 'Takes the time from the config or the clock. Give either this or `from_column`.',
  }),
});

export type AddTimeConfig = z.output<typeof addTimeConfig>;
export type FromColumn = NonNullable<AddTimeConfig['from_column']>;
export type FromValue = NonNullable<AddTimeConfig['from_value']>;
