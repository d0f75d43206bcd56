import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { defaultValueConfig } from './config.ts';
import { defaultValue } from './filter.ts';

const types = 'a:string b:string n:long d:double f:boolean t:timestamp j:json';
const rows: readonly (readonly Cell[])[] = [
  ['x', '', 1n, 0, false, at('2026-01-02T03:04:05Z'), '[]'],
  [null, null, null, null, null, null, null],
];

function filled(config: object): readonly (readonly Cell[])[] {
  const result = filtered(defaultValue, defaultValueConfig.parse(config), types, rows);
  expect(result.schema).toBe(types);
  expect(filtered(defaultValue, defaultValueConfig.parse(config), types, rows, { batchRows: 1 })).toEqual(result);
  return result.rows;
}

describe('default_value', () => {
  it('fills by type, and leaves what is there', () => {
    const config = {
      types: [
        { type: 'string', value: 'none' },
        { type: 'long', value: '-1' },
        { type: 'double', value: '0.5' },
        { type: 'boolean', value: 'true' },
        { type: 'timestamp', value: '2000', format: '%Y', timezone: '+09:00' },
        { type: 'json', value: '{"a": 1}' },
      ],
    };
    const values = ['none', 'none', -1n, 0.5, true, at('1999-12-31T15:00:00Z'), '{"a":1}'];
    expect(filled(config)).toEqual([rows[0], values]);
  });

  it('prefers the value of the column, wherever it stands', () => {
    const config = {
      types: [{ type: 'string', value: 'type' }],
      columns: [
        { name: 'b', value: 'column' },
        { name: 'b', value: 'second' },
      ],
    };
    expect(filled(config)[1]).toEqual(['type', 'column', null, null, null, null, null]);
  });

  it('fills empty texts when told to', () => {
    const types = [{ type: 'string', value: 'e' }];
    expect(filled({ types, replace_empty_strings: true })[0]?.slice(0, 2)).toEqual(['x', 'e']);
    expect(filled({ types })[0]?.slice(0, 2)).toEqual(['x', '']);
  });

  it('does nothing with nothing', () => expect(filled({})).toEqual(rows));

  it.each<[object, string, (string | number)[]]>([
    [{ columns: [{ name: 'z', value: '' }] }, 'DEFAULT_VALUE_COLUMN', ['columns', 0, 'name']],
    [{ columns: [{ name: 'n', value: 'x' }] }, 'DEFAULT_VALUE_TEXT', ['columns', 0, 'value']],
    [{ types: [{ type: 'json', value: '{' }] }, 'DEFAULT_VALUE_TEXT', ['types', 0, 'value']],
    [{ types: [{ type: 'timestamp', value: 'now' }] }, 'DEFAULT_VALUE_TEXT', ['types', 0, 'value']],
    [{ types: [{ type: 'timestamp', value: '', timezone: 'Nowhere' }] }, 'TIME_ZONE_UNKNOWN', ['types', 0, 'timezone']],
  ])('refuses %j', (config, code, path) => {
    const open = (): unknown => defaultValue.open(defaultValueConfig.parse(config), schemaOf(types), filterContext());
    expect(open).toThrow(expect.objectContaining({ code, where: { path } }));
  });
});
