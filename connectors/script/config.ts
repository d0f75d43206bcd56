import { z } from 'zod';
import { option } from '#spi/fields.ts';

const column = z.strictObject({
  name: option(z.string(), { title: 'Name', description: 'Name of the column.' }),
  type: option(z.enum(['boolean', 'long', 'double', 'string', 'timestamp', 'json']), {
    title: 'Type',
    description: 'Type of the values that the script gives for it.',
  }),
});

export const scriptConfig = z.strictObject({
  code: option(z.string().optional(), {
    title: 'Code',
    description:
      'JavaScript, or TypeScript whose types can be left out. It declares `transformRow(row)`, which is called for every record and returns the record, several in a list, or null to leave it out; or `transformRows(rows)`, which is called for some records at a time and returns a list. A record is an object with the columns as keys: boolean as boolean, long as number (a bigint beyond 2^53), double as number, string as string, json as what it holds, timestamp as Temporal.Instant, null as null. The result for a record must depend on this record alone. There is no network, no file, no environment and no module; Date and Math.random are there. What goes to the console is logged.',
    examples: ['function transformRow(row) {\n  row.total = row.price * row.count;\n  return row;\n}'],
  }),
  file: option(z.string().optional(), {
    title: 'File',
    description: 'Path of a file with the code, instead of `code`.',
    examples: ['scripts/clean.ts'],
  }),
  columns: option(z.array(column).default([]), {
    title: 'Columns',
    description: 'Columns that the script adds, or gives values of another type; the others stay as they are.',
    examples: [[{ name: 'total', type: 'double' }]],
  }),
  drop_columns: option(z.array(z.string()).default([]), {
    title: 'Drop columns',
    description: 'Columns that the script sees and the output does not have.',
  }),
  long: option(z.enum(['number', 'bigint']).default('number'), {
    title: 'Whole numbers',
    description:
      'What the script gets for a long: a number, or a bigint where a number would not be exact; or always a bigint.',
  }),
  timestamp: option(z.enum(['instant', 'date']).default('instant'), {
    title: 'Timestamps',
    description:
      'What the script gets for a timestamp: a Temporal.Instant with nanoseconds, or a Date with milliseconds. It may return either; a Date that was not touched keeps what is below milliseconds.',
  }),
  stop_on_invalid_record: option(z.boolean().default(true), {
    title: 'Stop on an invalid record',
    description:
      'Fails the run at the first record for which the script throws or gives what does not fit; otherwise such a record is left out.',
  }),
  stateful: option(z.boolean().default(false), {
    title: 'Stateful',
    description:
      'The result for a record depends on the records before: each file is then read by one thread, in its order. Every output has a script of its own.',
    'x-advanced': true,
  }),
  timeout_ms: option(z.number().int().min(10).max(600_000).default(10_000), {
    title: 'Time limit',
    description: 'Milliseconds that the script may take for about a thousand records, and to begin.',
    'x-advanced': true,
  }),
  memory_mb_max: option(z.number().int().min(32).max(8192).default(256), {
    title: 'Memory limit',
    description: 'Megabytes that the objects of the script may take.',
    'x-advanced': true,
  }),
});

export type ScriptConfig = z.output<typeof scriptConfig>;
