import { z } from 'zod';
import { columnLists } from '#connectors/column-list.ts';
import { charset, newlineName, option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

const ltsvColumn = parserColumn().extend({
  time_format: option(z.string().optional(), {
    title: 'Time format',
    description: 'The same as `format`, by the name that the Embulk plugin has for it.',
    'x-advanced': true,
  }),
});

export const ltsvParserConfig = z.strictObject({
  ...columnLists(
    z.array(ltsvColumn),
    'Labels to take from the records, and their types. `ropeway guess` finds them out; a label that a record lacks is null.',
  ),
  delimiter: option(z.string().default('\t'), {
    title: 'Delimiter',
    description: 'What stands between two fields: one character or more.',
  }),
  label_delimiter: option(z.string().default(':'), {
    title: 'Label delimiter',
    description: 'What stands between label and value: one character or more. The first one in a field counts.',
  }),
  null_value_pattern: option(z.string().optional(), {
    title: 'Null pattern',
    description: "Values in which this regular expression (Ruby's notation) finds something are null.",
    examples: ['^(-|null|NULL)$'],
  }),
  null_empty_string: option(z.boolean().default(false), {
    title: 'Empty is null',
    description: 'Empty values of string columns are null, too; those of other columns always are.',
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first record that cannot be read, instead of skipping it.',
  }),
  charset,
  newline: option(newlineName().optional(), {
    title: 'Newline',
    description: 'What lines end with, as told by `guess`. CR LF, LF and CR are recognized whatever it says.',
    'x-advanced': true,
  }),
  ...timestampParsingFields(),
});

export type LtsvParserConfig = z.output<typeof ltsvParserConfig>;
