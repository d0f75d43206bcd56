import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, pairedRatios, rotated, spread } from './statistics.ts';

describe('median()', () => {
  it.each([
    [[3], 3],
    [[10, 9, 1], 9],
    [[4, 1, 3, 2], 2.5],
    [[], NaN],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected));
});

describe('spread()', () => {
  it('has the median between the extremes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
        const { min, median: middle, max } = spread(values);
        expect(min).toBeLessThanOrEqual(middle);
        expect(middle).toBeLessThanOrEqual(max);
      }),
    );
  });
});

describe('pairedRatios()', () => {
  it('divides within a round, so that a slow round changes no ratio', () => {
    expect(pairedRatios([100, 50, 200], [10, 5, 20])).toEqual([10, 10, 10]);
  });

  it('refuses lists of different lengths', () => {
    expect(() => pairedRatios([1], [1, 2])).toThrow('1 rounds cannot be paired with 2');
  });
});

describe('rotated()', () => {
  it('lets everybody be first, and loses nobody', () => {
    const list = ['a', 'b', 'c'];
    expect([0, 1, 2, 3].map((round) => rotated(list, round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(rotated([], 5)).toEqual([]);
  });
});
