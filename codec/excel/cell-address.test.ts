import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnLetters, columnNumber, COLUMNS_MAX, parseAddress } from './cell-address.ts';

describe('columnNumber()', () => {
  it.each([
    ['A', 1],
    ['z', 26],
    ['AA', 27],
    ['XFD', COLUMNS_MAX],
    ['XFE', undefined],
    ['', undefined],
    ['A1', undefined],
  ])('of %s is %s', (letters, expected) => expect(columnNumber(letters)).toBe(expected));

  it('undoes columnLetters()', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: COLUMNS_MAX }), (number) => columnNumber(columnLetters(number)) === number),
    );
  });
});

describe('parseAddress()', () => {
  it.each([
    ['B12', { column: 2, row: 12 }],
    ['B0', undefined],
    ['12', undefined],
    ['b1', undefined],
  ])('of %s is %j', (text, expected) => expect(parseAddress(text)).toEqual(expected));
});
