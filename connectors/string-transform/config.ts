import { z } from 'zod';
import { option } from '#spi/fields.ts';

const column = z.strictObject({
  name: option(z.string(), { title: 'Name', description: 'Name of a string column.' }),
  type: option(
    z.enum([
      'normalize_nfkc',
      'normalize_nfc',
      'normalize_nfkd',
      'normalize_nfd',
      'to_half_width',
      'to_full_width',
      'to_half_width_kana',
      'to_full_width_kana',
      'trim',
      'to_lower_case',
      'to_upper_case',
    ]),
    {
      title: 'Type',
      description:
        'What happens to the text: a Unicode normal form; letters, digits and signs of half or full width (`to_half_width`, `to_full_width`), or Japanese kana of these widths; white space at both ends goes (`trim`); small or capital letters.',
    },
  ),
});

export const stringTransformConfig = z.strictObject({
  columns: option(z.array(column), {
    title: 'Columns',
    description: 'Columns and what happens to their texts. A column may come more than once: one after the other.',
    examples: [[{ name: 'company', type: 'normalize_nfkc' }]],
  }),
});

export type StringTransformConfig = z.output<typeof stringTransformConfig>;
export type TransformName = StringTransformConfig['columns'][number]['type'];
