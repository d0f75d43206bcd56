import { z } from 'zod';
import { option } from '#spi/fields.ts';

const units = 'A unit: `second`, `millisecond`, `microsecond` or `nanosecond`, or one of their short forms.';

const column = z.strictObject({
  name: option(z.string(), {
    title: 'Name',
    description: 'Name of the column; or a JSON path (`$.column.name`) to values inside a json column.',
  }),
  type: option(z.enum(['string', 'timestamp', 'long', 'double']).default('string'), {
    title: 'Type',
    description: 'Type that the column is to have.',
  }),
  from_format: option(z.array(z.string()).optional(), {
    title: 'From formats',
    description: 'Formats of texts, tried in order, instead of `default_from_timestamp_format`.',
    examples: [['%Y-%m-%d %H:%M:%S', '%Y-%m-%d']],
  }),
  from_timezone: option(z.string().optional(), {
    title: 'From time zone',
    description: 'Zone of texts that name none, instead of `default_from_timezone`.',
  }),
  to_format: option(z.string().optional(), {
    title: 'To format',
    description: 'Format of the texts that are made, instead of `default_to_timestamp_format`.',
  }),
  to_timezone: option(z.string().optional(), {
    title: 'To time zone',
    description: 'Zone of the texts that are made, instead of `default_to_timezone`.',
  }),
  from_unit: option(z.string().optional(), { title: 'From unit', description: `Of numbers that are read. ${units}` }),
  to_unit: option(z.string().optional(), { title: 'To unit', description: `Of numbers that are made. ${units}` }),
});

export const timestampFormatConfig = z.strictObject({
  columns: option(z.array(column), {
    title: 'Columns',
    description: 'Columns that hold times, and what they are to become; the others stay.',
    examples: [[{ name: 'at', from_format: ['%Y/%m/%d'], to_format: '%Y-%m-%d' }]],
  }),
  default_from_timestamp_format: option(z.array(z.string()).default(['%Y-%m-%d %H:%M:%S.%N %z']), {
    title: 'Default from formats',
    description:
      "Formats of texts: Ruby's strptime notation when there is a % in it, else Joda's; if any has a %, only those are tried.",
  }),
  default_from_timezone: option(z.string().default('UTC'), {
    title: 'Default from time zone',
    description: 'Zone of texts that name none: an offset, `UTC` or a region.',
  }),
  default_to_timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%6N %z'), {
    title: 'Default to format',
    description: "Format of the texts that are made: Ruby's strftime notation when there is a % in it, else Joda's.",
  }),
  default_to_timezone: option(z.string().default('UTC'), {
    title: 'Default to time zone',
    description: 'Zone of the texts that are made: an offset, `UTC` or a region.',
  }),
  default_from_timestamp_unit: option(z.string().default('second'), {
    title: 'Default from unit',
    description: `Of numbers that are read. ${units}`,
  }),
  default_to_timestamp_unit: option(z.string().default('second'), {
    title: 'Default to unit',
    description: `Of numbers that are made. ${units}`,
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop on an invalid record',
    description: 'Fails the run at the first value that is not a time, instead of making the cell null.',
  }),
  timestamp_parser: option(z.enum(['auto', 'auto_java']).default('auto'), {
    title: 'Timestamp parser',
    description: 'Taken for compatibility; both choices read the same here.',
    'x-advanced': true,
  }),
});

export type TimestampFormatConfig = z.output<typeof timestampFormatConfig>;
export type TimestampFormatColumn = TimestampFormatConfig['columns'][number];
