/** A table of every type, with what is hard to keep: extremes, nulls, and texts that somebody would misread. */
import type { Column } from '#spi/schema.ts';

export const tortureColumns: readonly Column[] = [
  { name: 'id', type: 'long' },
  { name: 'l', type: 'long' },
  { name: 'd', type: 'double' },
  { name: 'b', type: 'boolean' },
  { name: 's', type: 'string' },
  { name: 'j', type: 'json' },
  { name: 't', type: 'timestamp' },
];

const longs = ['9223372036854775807', '-9223372036854775808', 0, -1, '9007199254740993'];
const doubles = [1.797_693_134_862_315_7e308, -2.225_073_858_507_201_4e-308, 0.1, -0.5, 1e21, 123_456_789.123_456_79];
const texts = [
  '',
  ' ',
  'NULL',
  String.raw`\N`,
  String.raw`back\slash \t \0 \' \"`,
  `quotes ' " \` ''`,
  'tab\tnew\nline\r\nand\rreturn',
  'é 日本語 😀 \u{1F468}\u200D\u{1F469}\u200D\u{1F467} e\u0301 \uFEFF \u2028',
  ';--, {"a":1} <b>&amp;</b> %s $1 :name ?',
  'x'.repeat(70_000),
];
const values = [
  {},
  [],
  { a: [1, 2.5, null, true, { 'b"c': 'é😀\n\\' }] },
  [[[[[]]]]],
  'text',
  0,
  true,
  { big: 9_007_199_254_740_991, '': '' },
];
const times = [
  '1970-01-01 00:00:00.000000',
  '1969-12-31 23:59:59.999999',
  '2038-01-19 03:14:07.000001',
  '1900-01-01 00:00:00.000000',
  '2999-12-31 23:59:59.123456',
  '2024-02-29 12:00:00.500000',
];

/** Every value once, in rows whose other cells hold something plain; then a row of nulls, and one of everything. */
export const tortureRows: readonly (readonly unknown[])[] = rows();

function rows(): (readonly unknown[])[] {
  const plain = [1, 0.5, true, 'x', { a: 1 }, '2024-01-01 00:00:00.000000'];
  const hard: readonly (readonly unknown[])[] = [longs, doubles, [true, false], texts, values, times];
  const cells = hard.flatMap((list, column) =>
    list.map((value) => plain.map((cell, index) => (index === column ? value : cell))),
  );
  const nulls = plain.map((_, column) => plain.map((cell, index) => (index === column ? null : cell)));
  return [...cells, ...nulls, plain.map(() => null)].map((row, id) => [id, ...row]);
}
