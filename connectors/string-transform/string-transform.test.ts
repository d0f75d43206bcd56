import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { stringTransformConfig } from './config.ts';
import { stringTransform } from './filter.ts';
import { toFullWidth, toFullWidthKana, toHalfWidth, toHalfWidthKana } from './widths.ts';

function transformed(text: Cell, ...types: string[]): Cell {
  const config = stringTransformConfig.parse({ columns: types.map((type) => ({ name: 'a', type })) });
  const { schema, rows } = filtered(stringTransform, config, 'b:long a:string', [
    [1n, text],
    [2n, null],
  ]);
  expect(schema).toBe('b:long a:string');
  expect([rows[0]?.[0], rows[1]]).toEqual([1n, [2n, null]]);
  return rows[0]?.[1] ?? null;
}

describe('string_transform', () => {
  it.each<[string, string, string]>([
    ['normalize_nfkc', 'ＡＢＣ１２３　㈱ｶﾞｽ①', 'ABC123 (株)ガス1'],
    ['normalize_nfkc', 'plain', 'plain'],
    ['normalize_nfkc', '', ''],
    ['normalize_nfc', 'e\u0301が', 'éが'],
    ['normalize_nfd', 'é', 'e\u0301'],
    ['normalize_nfkd', 'é①', 'e\u03011'],
    ['normalize_nfc', 'a\ud800', 'a\ud800'],
    ['to_half_width', 'Ａｚ０９！～　ガ', 'Az09!~ ガ'],
    ['to_full_width', 'Az09!~ ガé', 'Ａｚ０９！～　ガé'],
    ['to_full_width_kana', 'ｱｶﾞﾊﾟｰ｡｢｣､･ ﾞA', 'アガパー。「」、・ ゛A'],
    ['to_half_width_kana', 'アガパー。「」、・ヴあA漢', 'ｱｶﾞﾊﾟｰ｡｢｣､･ｳﾞあA漢'],
    ['trim', ' \t\u3000a b\n', 'a b'],
    ['to_lower_case', 'AÉ', 'aé'],
    ['to_upper_case', 'aé', 'AÉ'],
  ])('%s of %j is %j', (type, text, expected) => expect(transformed(text, type)).toBe(expected));

  it('does one after the other', () =>
    expect(transformed('　ａ1 ', 'to_half_width', 'trim', 'to_upper_case')).toBe('A1'));

  it.each(['z', 'b'])('refuses the column %s', (name) => {
    const config = stringTransformConfig.parse({ columns: [{ name, type: 'trim' }] });
    const open = (): unknown => stringTransform.open(config, schemaOf('b:long a:string'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code: 'STRING_TRANSFORM_COLUMN' }));
  });
});

describe('widths', () => {
  it('of ASCII go both ways', () => {
    const ascii = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
    fc.assert(fc.property(ascii, (text) => toHalfWidth(toFullWidth(text)) === text));
  });

  it('of kana go both ways, but for sound marks without a letter', () => {
    const kana = fc.string({ unit: fc.integer({ min: 0xff61, max: 0xff9d }).map((code) => String.fromCharCode(code)) });
    fc.assert(fc.property(kana, (text) => toHalfWidthKana(toFullWidthKana(text)) === text));
  });
});
