import { z } from 'zod';
import {
  charset,
  newlineName,
  option,
  parserColumn,
  timestampColumnOptions,
  timestampFormattingFields,
  timestampParsingFields,
} from '#spi/fields.ts';

export const csvParserConfig = z.strictObject({
  columns: option(z.array(parserColumn()), {
    title: 'Columns',
    description: 'Names and types of the columns, in the order of the file. `ropeway guess` finds them out.',
  }),
  skip_header_lines: option(z.number().int().min(0).default(0), {
    title: 'Skip header lines',
    description: 'Lines at the start of each file that are no records.',
    examples: [1],
  }),
  header_line: option(z.boolean().optional(), {
    title: 'Header line',
    description: 'The old way to say `skip_header_lines: 1`.',
    'x-advanced': true,
  }),
  delimiter: option(z.string().default(','), {
    title: 'Delimiter',
    description: 'What separates the columns: one character or more.',
    examples: [',', '\t', ';'],
  }),
  quote: option(z.string().nullable().default('"'), {
    title: 'Quote',
    description: 'The character around values that contain delimiters or line breaks; null when nothing quotes.',
  }),
  escape: option(z.string().nullable().default('\\'), {
    title: 'Escape',
    description: 'The character before a quote, or before itself, inside quotes; null when nothing escapes.',
  }),
  null_string: option(z.string().nullable().default(null), {
    title: 'Null string',
    description: 'The text that means null. Without it an empty value without quotes is null.',
    examples: ['\\N', 'NULL'],
  }),
  trim_if_not_quoted: option(z.boolean().default(false), {
    title: 'Trim',
    description: 'Takes blanks away around values that are not quoted.',
  }),
  quotes_in_quoted_fields: option(
    z
      .enum(['ACCEPT_ONLY_RFC4180_ESCAPED', 'ACCEPT_STRAY_QUOTES_ASSUMING_NO_DELIMITERS_IN_FIELDS'])
      .default('ACCEPT_ONLY_RFC4180_ESCAPED'),
    {
      title: 'Quotes in quoted values',
      description: 'Whether quotes inside quoted values must be escaped, or may stand alone when no delimiter follows.',
      'x-advanced': true,
    },
  ),
  max_quoted_size_limit: option(z.number().int().min(0).default(131_072), {
    title: 'Longest quoted value',
    description: 'Characters of a quoted value at most: a missing quote must not swallow the file.',
    'x-advanced': true,
  }),
  comment_line_marker: option(z.string().nullable().default(null), {
    title: 'Comment marker',
    description: 'Lines that begin with it are no records.',
    examples: ['#'],
  }),
  allow_optional_columns: option(z.boolean().default(false), {
    title: 'Allow missing columns',
    description: 'Missing columns at the end of a record are null instead of an error.',
  }),
  allow_extra_columns: option(z.boolean().default(false), {
    title: 'Allow surplus columns',
    description: 'Surplus columns of a record are dropped instead of an error.',
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first record that cannot be read, instead of skipping it.',
  }),
  charset,
  newline: option(newlineName().default('CRLF'), {
    title: 'Newline',
    description: 'What a line break inside a quoted value becomes. It does not decide where lines end.',
  }),
  line_delimiter_recognized: option(newlineName().nullable().default(null), {
    title: 'Line delimiter',
    description: 'The only line break to recognize. Without it CR LF, LF and CR all end a line.',
    'x-advanced': true,
  }),
  ...timestampParsingFields(),
});

export type CsvParserConfig = z.output<typeof csvParserConfig>;

export const csvFormatterConfig = z.strictObject({
  header_line: option(z.boolean().default(true), {
    title: 'Header line',
    description: 'Writes the names of the columns first, in every file.',
  }),
  delimiter: option(z.string().default(','), {
    title: 'Delimiter',
    description: 'What separates the columns: one character.',
    examples: [',', '\t'],
  }),
  quote: option(z.string().default('"'), {
    title: 'Quote',
    description: 'The character around values that need it.',
  }),
  quote_policy: option(z.enum(['MINIMAL', 'ALL', 'NONE']).default('MINIMAL'), {
    title: 'Quote policy',
    description: 'Which values are quoted: those that need it, all but null, or none (they are escaped then).',
  }),
  escape: option(z.string().optional(), {
    title: 'Escape',
    description:
      'The character before a quote inside quotes. By default the quote itself; `\\` with quote policy NONE.',
  }),
  null_string: option(z.string().default(''), {
    title: 'Null string',
    description: 'What null is written as; it is never quoted.',
    examples: ['\\N'],
  }),
  newline_in_field: option(newlineName().default('LF'), {
    title: 'Newline in values',
    description: 'What line breaks inside values become.',
  }),
  charset,
  newline: option(newlineName().default('CRLF'), {
    title: 'Newline',
    description: 'What ends every line, the last one too.',
  }),
  ...timestampFormattingFields(),
  column_options: timestampColumnOptions(),
});

export type CsvFormatterConfig = z.output<typeof csvFormatterConfig>;
