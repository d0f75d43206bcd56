import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_CANONICAL, CELL_LENGTH_MASK } from '#spi/batch.ts';
import { readBoolean } from './boolean.ts';
import { formatDouble, parseDouble, readDouble, scanDouble } from './double.ts';
import { halvesOf, parseLong, readLong, scanLong, setLong, setSafeLong } from './long.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Rows around the one read, which must stay as they are. */
const ROWS = 3;

function long(text: string): { value: bigint; flags: number } | undefined {
  const bytes = bytesOf(`x${text}y`);
  const values = new BigInt64Array(ROWS);
  const cells = new Uint32Array(ROWS * 2);
  if (!readLong(bytes, 1, bytes.length - 1, { cells, halves: halvesOf(values) }, 1)) return undefined;
  expect([values[0], values[2]]).toEqual([0n, 0n]);
  return { value: values[1] ?? 0n, flags: flagsOf(cells, bytes.length - 2) };
}

function double(text: string): { value: number; flags: number } | undefined {
  const bytes = bytesOf(`x${text}y`);
  const doubles = new Float64Array(ROWS);
  const cells = new Uint32Array(ROWS * 2);
  if (!readDouble(bytes, 1, bytes.length - 1, { cells, doubles }, 1)) return undefined;
  expect([doubles[0], doubles[2]]).toEqual([0, 0]);
  return { value: doubles[1] ?? 0, flags: flagsOf(cells, bytes.length - 2) };
}

function flagsOf(cells: Uint32Array, length: number): number {
  const [before, , start, word = 0, ...after] = cells;
  expect([before, start, word & CELL_LENGTH_MASK, ...after]).toEqual([0, 1, length, 0, 0]);
  return word & ~CELL_LENGTH_MASK;
}

describe('parseLong() and readLong()', () => {
  it.each([
    ['1', 1n],
    ['+1', 1n],
    ['-0', 0n],
    ['007', 7n],
    ['１２', 12n],
    ['٣', 3n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['999999999999999', 999_999_999_999_999n],
    ['1000000000000000', 1_000_000_000_000_000n],
  ])('read %s', (text, value) => {
    expect(parseLong(text)).toBe(value);
    expect(long(text)?.value).toBe(value);
  });

  it.each([
    ['-999999999', CELL_CANONICAL],
    ['2147483647', CELL_CANONICAL],
    ['-2147483648', CELL_CANONICAL],
    ['4294967295', CELL_CANONICAL],
    ['-4294967296', CELL_CANONICAL],
    ['9007199254740991', CELL_CANONICAL],
    ['-9007199254740993', CELL_CANONICAL],
    ['999999999999999999', CELL_CANONICAL],
    ['-999999999999999999', CELL_CANONICAL],
    ['1000000000000000000', CELL_CANONICAL],
    ['000000000000000001', 0],
    ['00000000000000000000001', 0],
    ['-0000000004294967296', 0],
    ['0', CELL_CANONICAL],
    ['00', 0],
    ['-00', 0],
    ['-01', 0],
    ['+0', 0],
  ])('read %s to the last bit', (text, flags) => {
    expect(long(text)).toEqual({ value: BigInt(text), flags });
  });

  it('read any long and write it back', () => {
    const any = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(any, fc.bigInt({ min: 0n, max: 63n }), (wide, shift) => {
        const value = wide >> shift;
        expect(long(String(value))).toEqual({ value, flags: CELL_CANONICAL });
      }),
    );
  });

  it.each(['', '+', '-', ' 1', '1 ', '1.0', '1e3', '0x10', '1_000', '9223372036854775808', '--1', 'abc', '1é'])(
    'refuse %j',
    (text) => {
      expect(parseLong(text)).toBeUndefined();
      expect(long(text)).toBeUndefined();
    },
  );

  it('call a text canonical exactly when printing the number gives it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[-+]?0{0,2}\d{1,20}$/), (text) => {
        const read = long(text);
        const value = parseLong(text);
        expect(read?.value).toBe(value);
        if (read !== undefined) expect((read.flags & CELL_CANONICAL) !== 0).toBe(String(value) === text);
      }),
    );
  });
});

describe('scanLong()', () => {
  it.each([
    ['12,', 2],
    ['-7', 2],
    ['123456789,', 9],
    ['1234567890,5', 10],
    ['-123456789012345678', 19],
    ['1234567890123456789,', -1],
    ['1.5', 1],
    ['-,', -1],
    ['+1', -1],
    ['', -1],
  ])('reads %j as far as it is a number', (text, expected) => {
    const out = { cells: new Uint32Array(2), halves: new Uint32Array(2) };
    const bytes = bytesOf(`0${text}0`);
    const stop = scanLong(bytes, 1, 1 + text.length, out, 0);
    expect(stop < 0 ? stop : stop - 1).toBe(expected);
  });
});

describe('setLong() and setSafeLong()', () => {
  it('set what a BigInt64Array would hold', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger(), (value, safe) => {
        const values = new BigInt64Array(2);
        const halves = halvesOf(values.subarray(0, 2));
        setLong(halves, 0, value);
        setSafeLong(halves, 1, safe);
        expect([...values]).toEqual([value, BigInt(safe)]);
      }),
    );
  });
});

describe('parseDouble() and readDouble()', () => {
  it.each([
    ['1', 1],
    ['-0', -0],
    ['1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['1.5f', 1.5],
    ['1.5D', 1.5],
    [' 1.5 ', 1.5],
    ['NaN', Number.NaN],
    ['-Infinity', -Infinity],
    ['1e400', Infinity],
    ['1e-400', 0],
    ['0x1p3', 8],
    ['0x1.8p1', 3],
    ['-0x.8p0', -0.5],
    ['0x1p-1074', Number.MIN_VALUE],
    ['0x1.fffffffffffff8p1023', Infinity],
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1 + 2 ** -51],
    ['9007199254740993', 9_007_199_254_740_992],
    ['123456789012345678', 123_456_789_012_345_680],
  ])('read %s', (text, value) => {
    expect(parseDouble(text)).toBe(value);
    expect(double(text)?.value).toBe(value);
  });

  it.each([
    ['0.001', true],
    ['0.0009', false],
    ['0.00099999999999999', false],
    ['9999999.0', true],
    ['9999999.99999999', true],
    ['10000000.0', false],
    ['123456.123456789', true],
    ['123456.1234567891', false],
    ['-1.5', true],
    ['-0.0', false],
    ['0.0', false],
    ['1', false],
    ['1.', false],
    ['.5', false],
    ['1.50', false],
    ['1.0', true],
    ['1.00', false],
    ['01.5', false],
    ['-0.5', true],
    ['-00.5', false],
    ['1.5e0', false],
  ])('call %s canonical: %s', (text, isCanonical) => {
    const read = double(text);
    expect(read).toEqual({ value: Number(text), flags: isCanonical ? CELL_CANONICAL : 0 });
    if (isCanonical) expect(formatDouble(read?.value ?? 0)).toBe(text);
  });

  it.each(['', '.', 'inf', '1_0', 'abc', '1e', '0x1', '１', '1..2', '- 1'])('refuse %j', (text) => {
    expect(parseDouble(text)).toBeUndefined();
    expect(double(text)).toBeUndefined();
  });

  it('agree with each other, and call no text canonical that prints otherwise', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{0,9}\.?\d{0,9}$/), (text) => {
        const read = double(text);
        const value = parseDouble(text);
        expect(read?.value).toBe(value);
        if (read !== undefined && read.flags & CELL_CANONICAL) expect(formatDouble(read.value)).toBe(text);
      }),
    );
  });
});

describe('scanDouble()', () => {
  it.each([
    ['1.5,', 3],
    ['1.5.2', 3],
    ['-12', 3],
    ['123456789012345,', 15],
    ['1234567890.12345', 16],
    ['1234567890.123456', -1],
    ['1e3', 1],
    ['-.,', -1],
    ['+1', -1],
    ['', -1],
  ])('reads %j as far as it is a number', (text, expected) => {
    const out = { cells: new Uint32Array(2), doubles: new Float64Array(1) };
    const bytes = bytesOf(`0${text}0`);
    const stop = scanDouble(bytes, 1, 1 + text.length, out, 0);
    expect(stop < 0 ? stop : stop - 1).toBe(expected);
  });
});

describe('formatDouble()', () => {
  it.each([
    [1, '1.0'],
    [-0, '-0.0'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [9999999.999, '9999999.999'],
    [1e7, '1.0E7'],
    [123456789, '1.23456789E8'],
    [1.2345e-5, '1.2345E-5'],
    [Number.MIN_VALUE, '4.9E-324'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [2e23, '2.0E23'],
    [Infinity, 'Infinity'],
    [Number.NaN, 'NaN'],
  ])('prints %d', (value, text) => expect(formatDouble(value)).toBe(text));

  it('prints what reads back', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parseDouble(formatDouble(value))).toBe(value);
      }),
    );
  });
});

describe('readBoolean()', () => {
  it.each(['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 't', 'T', 'y', 'Y', 'on', 'On', 'ON', '1'])(
    'takes %s',
    (text) => expect(readBoolean(bytesOf(text), 0, text.length)).toBe(1),
  );
  it.each(['', 'tRuE', ' true', '2', 'false', 'truex', 'o', 'abc'])('does not take %j', (text) =>
    expect(readBoolean(bytesOf(text), 0, text.length)).toBe(0),
  );
});
