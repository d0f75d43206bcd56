import { z } from 'zod';
import { option } from '#spi/fields.ts';

const joining = z.enum(['AND', 'OR', 'and', 'or']).default('AND');

const comparison = {
  column: option(z.string().optional(), {
    title: 'Column',
    description: 'Name of the column that is compared; a group has none.',
  }),
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
        'equal',
        'not_equal',
        'greater',
        'greater_equal',
        'less',
        'less_equal',
        'regexp',
        'is_null',
        'is_not_null',
      ])
      .default('=='),
    { title: 'Operator', description: 'How the cell is compared with the argument.' },
  ),
  argument: option(z.string().optional(), {
    title: 'Argument',
    description: 'What the cell is compared with, as text of the type of the column.',
    'x-variables': 'text',
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
};

const groupJoining = option(joining, {
  title: 'Condition',
  description: 'For a group: whether all of its `conditions` must hold (`AND`) or one is enough (`OR`).',
});
const groupText = {
  title: 'Conditions',
  description: 'Makes the entry a group: comparisons, and groups in it, joined by its `condition`.',
};

// Three levels of groups: a schema that contains itself could not be shown as a form or a table.
const innermost = z.strictObject(comparison);
const inner = z.strictObject({
  ...comparison,
  condition: groupJoining,
  conditions: option(z.array(innermost).optional(), groupText),
});
const condition = z.strictObject({
  ...comparison,
  condition: groupJoining,
  conditions: option(z.array(inner).optional(), groupText),
});

export const rowConfig = z.strictObject({
  where: option(z.string().optional(), {
    title: 'Where',
    description:
      'Records for which this holds stay: comparisons (`=`, `!=`, `>`, `START_WITH`, `REGEXP`, `IS NULL`, …) of a column with a value, joined by `AND`, `OR`, `NOT` and parentheses.',
    examples: ["price >= 100 AND (shop = 'tokyo' OR shop IS NULL)"],
    'x-variables': 'code',
  }),
  conditions: option(z.array(condition).optional(), {
    title: 'Conditions',
    description:
      'The same as data: a list of comparisons, and of groups with `condition` and `conditions` of their own, joined by `condition`.',
    examples: [
      [
        { column: 'a', argument: '1' },
        { condition: 'OR', conditions: [{ column: 'b', operator: 'is_null' }] },
      ],
    ],
  }),
  condition: option(joining, {
    title: 'Condition',
    description: 'Whether all of `conditions` must hold (`AND`) or one is enough (`OR`).',
  }),
});

export type RowConfig = z.output<typeof rowConfig>;
export type Joining = RowConfig['condition'];

/** An entry of `conditions` on any level. */
export type RowCondition = z.output<typeof innermost> & {
  readonly condition?: Joining;
  readonly conditions?: readonly RowCondition[] | undefined;
};
