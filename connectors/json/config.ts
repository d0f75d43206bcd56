import { z } from 'zod';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

/** Columns of JSON records: like other parsers', and a path to the value. */
export const jsonColumns = z.array(
  parserColumn().extend({
    element_at: option(z.string().optional(), {
      title: 'Element at',
      description: 'JSON pointer to the value inside the record; by default the member with the name of the column.',
      examples: ['/address/city', '/tags/0'],
    }),
  }),
);

export const jsonParserConfig = z.strictObject({
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first value that is no record, instead of skipping it.',
  }),
  invalid_string_escapes: option(z.enum(['PASSTHROUGH', 'SKIP', 'UNESCAPE']).default('PASSTHROUGH'), {
    title: 'Invalid escapes',
    description:
      'What happens to escapes such as `\\j`: an error, dropped with their letter, or dropped alone. ' +
      'The latter two also damage an escaped backslash before a letter; use them only for broken files.',
    'x-advanced': true,
  }),
  root: option(z.string().optional(), {
    title: 'Root',
    description: 'JSON pointer to what counts as the record in each value of the file.',
    examples: ['/data'],
    'x-variables': 'line',
  }),
  flatten_json_array: option(z.boolean().default(false), {
    title: 'Flatten arrays',
    description: 'Each value (or what `root` points to) is an array, and its elements are the records.',
  }),
  columns: option(jsonColumns.optional(), {
    title: 'Columns',
    description: 'Columns to take from the records. Without them there is one column `record` of type json.',
  }),
  ...timestampParsingFields(),
});

export type JsonParserConfig = z.output<typeof jsonParserConfig>;
export type JsonColumnConfig = z.output<typeof jsonColumns>[number];
