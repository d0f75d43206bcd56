import { z } from 'zod';
import { columnLists } from '#connectors/column-list.ts';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

const jsonPathColumn = parserColumn().extend({
  path: option(z.string().optional(), {
    title: 'Path',
    description:
      'Path to the value, from the record on; by default the member with the name of the column. With `[*]` in it, it leads to several values, which are a JSON array in a column of type json or string.',
    examples: ['names[0]', "$.address['zip code']", 'tags[*].name'],
  }),
});

export const jsonPathParserConfig = z.strictObject({
  root: option(z.string().default('$'), {
    title: 'Root',
    description:
      'Path to the array whose elements are the records; one with `[*]` in it leads to the records themselves. Names, indexes and `[*]` can be used.',
    examples: ['$.results', "$['data'].items", '$.groups[*].members[*]'],
    'x-variables': 'line',
  }),
  ...columnLists(
    z.array(jsonPathColumn),
    'Columns to take from the records. Without them there is one column `record` of type json.',
  ),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first record that cannot be read, instead of skipping it.',
  }),
  ...timestampParsingFields(),
});

export type JsonPathParserConfig = z.output<typeof jsonPathParserConfig>;
