import { z } from 'zod';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

export const configInputConfig = z.strictObject({
  columns: option(z.array(parserColumn()), {
    title: 'Columns',
    description: 'Names and types of the columns, in order.',
  }),
  values: option(z.array(z.array(z.array(z.json()))), {
    title: 'Values',
    description: 'Tasks of rows of values: `values[task][row][column]`.',
    examples: [
      [
        [
          [1, 'one'],
          [2, 'two'],
        ],
      ],
    ],
  }),
  ...timestampParsingFields(),
});

export type ConfigInputConfig = z.output<typeof configInputConfig>;
