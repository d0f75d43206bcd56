import { z } from 'zod';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

export const expandJsonConfig = z.strictObject({
  json_column_name: option(z.string(), {
    title: 'JSON column',
    description: 'Name of the column with the objects: json, or a string with JSON text.',
  }),
  root: option(z.string().default('$.'), {
    title: 'Root',
    description: 'What stands in front of the name of an expanded column to make it a JSON path.',
    examples: ['$.payload.'],
  }),
  expanded_columns: option(z.array(parserColumn()), {
    title: 'Expanded columns',
    description: 'Columns that take the place of the JSON column; a name is the rest of a JSON path.',
    examples: [
      [
        { name: 'id', type: 'long' },
        { name: 'user.name', type: 'string' },
      ],
    ],
  }),
  keep_expanding_json_column: option(z.boolean().default(false), {
    title: 'Keep the JSON column',
    description: 'Leaves the JSON column in front of the expanded ones.',
  }),
  ...timestampParsingFields(),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop on an invalid record',
    description: 'Fails the run at the first record with a value of the wrong type, instead of leaving it out.',
  }),
  cache_provider: option(z.string().optional(), {
    title: 'Cache provider',
    description: 'Taken for compatibility; paths are compiled once.',
    'x-advanced': true,
  }),
  time_zone: option(z.string().optional(), {
    title: 'Time zone (old)',
    description: 'No longer taken: `default_timezone` is its name.',
    'x-advanced': true,
  }),
});

export type ExpandJsonConfig = z.output<typeof expandJsonConfig>;
