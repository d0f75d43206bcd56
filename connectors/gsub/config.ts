import { z } from 'zod';
import { option } from '#spi/fields.ts';

const regexOptions = z.strictObject({
  ignore_case: option(z.boolean().default(false), {
    title: 'Ignore case',
    description: 'Capital and small letters are the same.',
  }),
  multiline: option(z.boolean().default(true), {
    title: 'Multiline',
    description: '`^` and `$` are about every line, not about the whole text.',
  }),
  dot_matches_all: option(z.boolean().default(false), {
    title: 'Dot matches all',
    description: 'The dot stands for line breaks, too.',
  }),
  enable_comments: option(z.boolean().default(false), {
    title: 'Enable comments',
    description: 'White space in the pattern means nothing, and `#` begins a comment.',
  }),
});

const rule = z.strictObject({
  type: option(z.enum(['regexp_replace', 'to_lower_case', 'to_upper_case']).default('regexp_replace'), {
    title: 'Type',
    description: 'What happens to every match: it is replaced, or gets small or capital letters.',
  }),
  pattern: option(z.string().optional(), {
    title: 'Pattern',
    description: 'A regular expression in Java notation; needed to replace, otherwise the whole text by default.',
    examples: ['[0-9]+'],
  }),
  to: option(z.string().optional(), {
    title: 'To',
    description: 'For `regexp_replace`: the replacement, with `$1` or `${name}` for groups.',
    examples: ['$1-$2'],
    'x-variables': 'text',
  }),
  regexp_options: option(regexOptions.prefault({}), {
    title: 'Options of the expression',
    description: 'How the pattern is read.',
  }),
});

export const gsubConfig = z.strictObject({
  target_columns: option(z.record(z.string(), z.array(rule)).default({}), {
    title: 'Target columns',
    description: 'String columns by name, each with a list of rules that are applied one after the other.',
    examples: [{ phone: [{ pattern: '[^0-9]', to: '' }] }],
  }),
});

export type GsubConfig = z.output<typeof gsubConfig>;
export type GsubRule = GsubConfig['target_columns'][string][number];
