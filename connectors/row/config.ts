import { z } from 'zod';
import { option } from '#spi/fields.ts';

const condition = z.strictObject({
  column: option(z.string(), { title: 'Column', description: 'Name of the column.' }),
  operator: option(
    z
      .enum([
        '==',
        '!=',
        '>',
        '>=',
        '<',
        '<=',
        'start_with',
        'startsWith',
        'end_with',
        'endsWith',
        'include',
        'contains',
        'IS NULL',
        'IS NOT NULL',
      ])
      .default('=='),
    { title: 'Operator', description: 'How the cell is compared with the argument.' },
  ),
  argument: option(z.string().optional(), {
    title: 'Argument',
    description: 'What the cell is compared with, as text of the type of the column.',
  }),
  not: option(z.boolean().default(false), {
    title: 'Not',
    description: 'Turns the result around; a null that fails the comparison passes then.',
  }),
  format: option(z.string().default('%Y-%m-%d %H:%M:%S.%N %z'), {
    title: 'Format',
    description: 'Format of the argument for a timestamp column.',
  }),
  timezone: option(z.string().default('UTC'), {
    title: 'Time zone',
    description: 'Zone of the argument for a timestamp column when it names none.',
  }),
});

export const rowConfig = z.strictObject({
  where: option(z.string().optional(), {
    title: 'Where',
    description:
      'Records for which this holds stay: comparisons (`=`, `!=`, `>`, `START_WITH`, `REGEXP`, `IS NULL`, …) of a column with a value, joined by `AND`, `OR`, `NOT` and parentheses.',
    examples: ["price >= 100 AND (shop = 'tokyo' OR shop IS NULL)"],
  }),
  conditions: option(z.array(condition).optional(), {
    title: 'Conditions',
    description: 'The old form of `where`: a list of comparisons, joined by `condition`.',
    'x-advanced': true,
  }),
  condition: option(z.enum(['AND', 'OR', 'and', 'or']).default('AND'), {
    title: 'Condition',
    description: 'Whether all of `conditions` must hold (`AND`) or one is enough (`OR`).',
    'x-advanced': true,
  }),
});

export type RowConfig = z.output<typeof rowConfig>;
export type RowCondition = NonNullable<RowConfig['conditions']>[number];
