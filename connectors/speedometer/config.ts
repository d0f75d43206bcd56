import { z } from 'zod';
import { option, timestampColumnOptions } from '#spi/fields.ts';

export const speedometerConfig = z.strictObject({
  speed_limit: option(z.number().int().min(0).default(0), {
    title: 'Speed limit',
    description: 'Bytes per second of all tasks together; 0 is no limit.',
  }),
  max_sleep_millisec: option(z.number().int().min(1).default(1000), {
    title: 'Longest sleep',
    description: 'Milliseconds of one wait at most; a longer wait is made of several.',
    'x-advanced': true,
  }),
  log_interval_seconds: option(z.number().int().min(1).default(10), {
    title: 'Log interval',
    description: 'Seconds from one report of the speed to the next.',
  }),
  delimiter: option(z.string().default(','), {
    title: 'Delimiter',
    description: 'What stands between two cells, for the size of a record.',
    'x-advanced': true,
  }),
  record_padding_size: option(z.number().int().min(0).default(1), {
    title: 'Record padding',
    description: 'Bytes of a record besides its cells and delimiters.',
    'x-advanced': true,
  }),
  column_options: timestampColumnOptions(),
  label: option(z.string().optional(), { title: 'Label', description: 'Stands in the reports.' }),
  default_timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%6N %z'), {
    title: 'Default timestamp format',
    description: 'Format of timestamps, for the size of a record.',
    'x-advanced': true,
  }),
});

export type SpeedometerConfig = z.output<typeof speedometerConfig>;
