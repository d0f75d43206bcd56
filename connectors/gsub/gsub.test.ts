import { describe, expect, it } from 'vitest';
import { filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { gsubConfig } from './config.ts';
import { gsub } from './filter.ts';

function replaced(text: Cell, ...rules: object[]): Cell {
  const config = gsubConfig.parse({ target_columns: { a: rules } });
  const { schema, rows } = filtered(gsub, config, 'a:string b:long', [
    [text, 1n],
    [null, 2n],
  ]);
  expect(schema).toBe('a:string b:long');
  expect([rows[0]?.[1], rows[1]]).toEqual([1n, [null, 2n]]);
  return rows[0]?.[0] ?? null;
}

describe('gsub', () => {
  it.each<[string, object[], string]>([
    ['example-foo: 1234', [{ pattern: String.raw`(\w*):\s*(\w*)`, to: '$1 = [$2]' }], 'example-foo = [1234]'],
    ['a.b.c', [{ pattern: String.raw`\.`, to: '-' }], 'a-b-c'],
    ['abc', [{ pattern: 'b', to: '' }], 'ac'],
    ['abc', [{ pattern: 'x', to: 'y' }], 'abc'],
    ['ABC é', [{ type: 'to_upper_case' }], 'ABC É'],
    ['ABC', [{ type: 'to_lower_case' }], 'abc'],
    ['a test, TEST', [{ type: 'to_upper_case', pattern: 'test' }], 'a TEST, TEST'],
    [
      '<b>k: v</b>',
      [
        { pattern: '</?b>', to: '' },
        { pattern: '(k): (v)', to: '$2' },
      ],
      'v',
    ],
    ['Foo foo', [{ pattern: 'foo', to: '***', regexp_options: { ignore_case: true } }], '*** ***'],
    ['a\nb', [{ pattern: '^', to: '> ' }], '> a\n> b'],
    ['a\nb', [{ pattern: '^', to: '> ', regexp_options: { multiline: false } }], '> a\nb'],
    ['a\nb', [{ pattern: 'a.b', to: 'x', regexp_options: { dot_matches_all: true } }], 'x'],
    ['ab', [{ pattern: 'a # first\n b', to: 'x', regexp_options: { enable_comments: true } }], 'x'],
    ['a$&b', [{ pattern: 'a', to: String.raw`\$&` }], '$&$&b'],
    ['日本 😀', [{ pattern: '[^ -~]', to: '?' }], '?? ?'],
    ['lone \ud800', [{ pattern: 'lone', to: 'a' }], 'a \ud800'],
    ['lone \ud800', [{ pattern: 'x', to: 'a' }], 'lone \ud800'],
    ['', [{ pattern: '^$', to: 'empty' }], 'empty'],
  ])('%j by %j is %j', (text, rules, expected) => expect(replaced(text, ...rules)).toBe(expected));

  it.each<[object, string, (string | number)[]]>([
    [{ z: [] }, 'GSUB_COLUMN', ['target_columns', 'z']],
    [{ b: [] }, 'GSUB_COLUMN', ['target_columns', 'b']],
    [{ a: [{ to: 'x' }] }, 'GSUB_RULE', ['target_columns', 'a', 0]],
    [{ a: [{ pattern: 'x' }] }, 'GSUB_RULE', ['target_columns', 'a', 0]],
    [{ a: [{ pattern: '(', to: '' }] }, 'GSUB_RULE', ['target_columns', 'a', 0, 'pattern']],
    [{ a: [{ pattern: 'a++', to: '' }] }, 'GSUB_RULE', ['target_columns', 'a', 0, 'pattern']],
    [{ a: [{ pattern: 'a', to: '$1' }] }, 'GSUB_RULE', ['target_columns', 'a', 0, 'to']],
  ])('refuses %j', (columns, code, path) => {
    const config = gsubConfig.parse({ target_columns: columns });
    const open = (): unknown => gsub.open(config, schemaOf('a:string b:long'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code, where: { path } }));
  });
});
