import { z } from 'zod';
import { charset, option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

/** Units of a record at most: what is longer is not made of columns. */
const UNITS_MAX = 1_000_000;

const units = (): z.ZodNumber => z.number().int().min(1).max(UNITS_MAX);
const trimRule = z.enum(['both', 'start', 'end', 'none']);

const fixedColumn = parserColumn().extend({
  width: option(units(), {
    title: 'Width',
    description: 'How many characters (or bytes) the column has.',
    examples: [10],
  }),
  start: option(units().optional(), {
    title: 'Start',
    description:
      'Character (or byte) with which the column begins, from 1; by default the one behind the column before.',
    examples: [11],
  }),
  trim: option(trimRule.optional(), {
    title: 'Trim',
    description: 'For this column, instead of the `trim` of the parser.',
  }),
});

export const fixedWidthParserConfig = z.strictObject({
  columns: option(z.array(fixedColumn).min(1), {
    title: 'Columns',
    description: 'Names, types and places of the columns, as they are to come out.',
  }),
  unit: option(z.enum(['characters', 'bytes']).default('characters'), {
    title: 'Unit',
    description:
      'What widths count: characters, or bytes in the charset of the file (a full-width character has two in Shift_JIS).',
  }),
  record_length: option(units().optional(), {
    title: 'Record length',
    description: 'Characters (or bytes) of a record in files without line breaks. Without it every line is a record.',
    examples: [120],
  }),
  trim: option(trimRule.default('both'), {
    title: 'Trim',
    description:
      'At which ends of a value blanks are taken away: spaces, tabs and ideographic spaces. Only strings can keep them.',
  }),
  null_string: option(z.string().nullable().default(null), {
    title: 'Null string',
    description:
      'The text that means null. Without it a string of nothing but blanks is null, as other types always are.',
  }),
  skip_header_lines: option(z.number().int().min(0).default(0), {
    title: 'Skip header lines',
    description: 'Lines (or records) at the start of each file that are no records.',
  }),
  comment_line_marker: option(z.string().nullable().default(null), {
    title: 'Comment marker',
    description: 'Lines that begin with it are no records.',
    examples: ['#'],
  }),
  allow_optional_columns: option(z.boolean().default(false), {
    title: 'Allow short records',
    description: 'What a record lacks at its end is taken for blanks, instead of an error.',
  }),
  allow_extra_columns: option(z.boolean().default(false), {
    title: 'Allow long records',
    description: 'What follows the last column is ignored, instead of an error when it is not blank.',
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first record that cannot be read, instead of skipping it.',
  }),
  charset,
  ...timestampParsingFields(),
});

export type FixedWidthParserConfig = z.output<typeof fixedWidthParserConfig>;
