import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_CANONICAL } from '#spi/batch.ts';
import { readBoolean } from './boolean.ts';
import { formatDouble, parseDouble, readDouble } from './double.ts';
import { parseLong, readLong } from './long.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function long(text: string): { value: bigint; flags: number } | undefined {
  const bytes = bytesOf(`x${text}y`);
  const out = new BigInt64Array(1);
  const flags = readLong(bytes, 1, bytes.length - 1, out, 0);
  return flags === -1 ? undefined : { value: out[0] ?? 0n, flags };
}

function double(text: string): { value: number; flags: number } | undefined {
  const bytes = bytesOf(`x${text}y`);
  const out = new Float64Array(1);
  const flags = readDouble(bytes, 1, bytes.length - 1, out, 0);
  return flags === -1 ? undefined : { value: out[0] ?? 0, flags };
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
