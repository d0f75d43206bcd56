import { z } from 'zod';
import { columnLists } from '#connectors/column-list.ts';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

const xmlColumn = parserColumn().extend({
  path: option(z.string().optional(), {
    title: 'Path',
    description:
      'Path to the value, from the record on; by default the name of the column. Names of elements, `*`, at the end also `@attribute`, and `.` for the record itself.',
    examples: ['author/name', '@id', 'price/@currency', '.'],
  }),
  multiple: option(z.enum(['error', 'first', 'last', 'json']).default('error'), {
    title: 'Several values',
    description:
      'What becomes of several values in one record: the record is left out, the first or the last one counts, or all of them become a JSON array of strings (in a column of type json or string).',
  }),
});

export const xmlParserConfig = z.strictObject({
  root: option(z.string(), {
    title: 'Root',
    description: 'Path of the elements that are the records, from the outermost element on.',
    examples: ['data/students/student', '/feed/entry'],
    'x-variables': 'line',
  }),
  ...columnLists(z.array(xmlColumn), 'Names and types of the columns, and where their values are.'),
  namespaces: option(z.record(z.string(), z.string()).optional(), {
    title: 'Namespaces',
    description:
      'Prefixes of names in paths, and the namespaces that they stand for. Without them names are compared as they are written, with their prefixes.',
    examples: [{ a: 'http://www.w3.org/2005/Atom' }],
  }),
  trim: option(z.boolean().default(false), {
    title: 'Trim',
    description: 'Takes white space away around values of string columns, too; around others it always is.',
  }),
  charset: option(z.string().optional(), {
    title: 'Charset',
    description: 'Charset of the file when its own declaration does not tell the truth.',
    'x-advanced': true,
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first record that cannot be read, instead of skipping it.',
  }),
  ...timestampParsingFields(),
});

export type XmlParserConfig = z.output<typeof xmlParserConfig>;
