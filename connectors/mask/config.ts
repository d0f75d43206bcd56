import { z } from 'zod';
import { option } from '#spi/fields.ts';

const how = {
  type: option(z.enum(['all', 'email', 'regex', 'substring']).default('all'), {
    title: 'Type',
    description: 'What is masked: every character, the part before the @, what a pattern matches, a range.',
  }),
  pattern: option(z.string().optional(), {
    title: 'Pattern',
    description: 'For `regex`: a regular expression; every match becomes one asterisk. By default the text `all`.',
    examples: ['[0-9]+'],
  }),
  length: option(z.number().int().min(0).max(1_000_000).default(0), {
    title: 'Length',
    description: 'So many asterisks instead of as many as there are characters; 0 is as many.',
  }),
  start: option(z.number().int().min(0).optional(), {
    title: 'Start',
    description: 'For `substring`: the first character that is masked, from 0.',
  }),
  end: option(z.number().int().min(0).optional(), {
    title: 'End',
    description: 'For `substring`: the character behind the last one that is masked.',
  }),
};

const path = z.strictObject({
  key: option(z.string(), {
    title: 'Key',
    description: 'JSON path to the value, from the top of the cell.',
    examples: ['$.user.email'],
  }),
  ...how,
});

const column = z.strictObject({
  name: option(z.string(), { title: 'Name', description: 'Name of the column.' }),
  ...how,
  paths: option(z.array(path).optional(), {
    title: 'Paths',
    description: 'For json columns: the values inside that are masked.',
  }),
});

export const maskConfig = z.strictObject({
  columns: option(z.array(column), {
    title: 'Columns',
    description: 'Columns to mask; they become strings, json columns stay json.',
    examples: [[{ name: 'email', type: 'email' }]],
  }),
});

export type MaskConfig = z.output<typeof maskConfig>;
export type MaskRule = Omit<MaskConfig['columns'][number], 'name' | 'paths'>;
