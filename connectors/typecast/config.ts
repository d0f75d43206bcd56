import { z } from 'zod';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

export const typecastConfig = z.strictObject({
  columns: option(z.array(parserColumn()), {
    title: 'Columns',
    description:
      'Columns and the types they are to have; the others stay. A name that begins with `$` is a JSON path to values inside a json column.',
    examples: [[{ name: 'price', type: 'double' }], [{ name: '$.payload.count', type: 'long' }]],
  }),
  ...timestampParsingFields(),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop on an invalid record',
    description: 'Fails the run at the first value that cannot be converted, instead of making the cell null.',
  }),
});

export type TypecastConfig = z.output<typeof typecastConfig>;
export type TypecastColumn = TypecastConfig['columns'][number];
