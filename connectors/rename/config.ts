import { z } from 'zod';
import { option } from '#spi/fields.ts';

const passTypes = option(z.array(z.enum(['a-z', 'A-Z', '0-9'])).default([]), {
  title: 'Pass types',
  description: 'Kinds of characters that stay as they are.',
  examples: [['a-z', '0-9']],
});
const passCharacters = option(z.string().default(''), {
  title: 'Pass characters',
  description: 'More characters that stay as they are.',
  examples: ['_-'],
});

const rule = z.strictObject({
  rule: option(
    z.enum([
      'character_types',
      'first_character_types',
      'lower_to_upper',
      'upper_to_lower',
      'snake_case',
      'upper_snake_case',
      'bigquery_safe',
      'truncate',
      'regex_replace',
      'unique_number_suffix',
    ]),
    {
      title: 'Rule',
      description:
        'What the rule does to every name. `snake_case` and `upper_snake_case` join its words by underscores; `bigquery_safe` puts an underscore for whatever is not a letter of a to z, a digit or an underscore. `unique_number_suffix` behind them tells names apart that became the same.',
    },
  ),
  pass_types: passTypes,
  pass_characters: passCharacters,
  replace: option(z.string().optional(), {
    title: 'Replace',
    description: 'The character to put instead; for `regex_replace` the replacement, with `$1` for groups.',
  }),
  prefix: option(z.string().optional(), {
    title: 'Prefix',
    description: 'For `first_character_types`: the character to put in front instead of replacing.',
  }),
  match: option(z.string().optional(), {
    title: 'Match',
    description: 'For `regex_replace`: the regular expression.',
    examples: ['[^a-z]+'],
  }),
  max_length: option(z.number().int().optional(), {
    title: 'Longest name',
    description: 'For `truncate` (default 128) and `unique_number_suffix`: characters of a name at most.',
  }),
  delimiter: option(z.string().default('_'), {
    title: 'Delimiter',
    description: 'For `unique_number_suffix`: the character before the number.',
  }),
  digits: option(z.number().int().optional(), {
    title: 'Digits',
    description: 'For `unique_number_suffix`: the number is filled with zeros to so many digits.',
  }),
  offset: option(z.number().int().default(1), {
    title: 'Offset',
    description: 'For `unique_number_suffix`: where counting starts.',
  }),
});

export const renameConfig = z.strictObject({
  columns: option(z.record(z.string(), z.string()).default({}), {
    title: 'Columns',
    description: 'Old names and new ones.',
    examples: [{ my_existing_column1: 'new_column1' }],
  }),
  rules: option(z.array(rule).default([]), {
    title: 'Rules',
    description: 'Applied after `columns` to all names, one rule after the other.',
  }),
});

export type RenameConfig = z.output<typeof renameConfig>;
export type RenameRule = RenameConfig['rules'][number];
