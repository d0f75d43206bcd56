import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewOf } from '#spi/byte-copy.ts';
import { findSpecial, firstSpecial, fourTimes, specialBytes } from './special-bytes.ts';

const others = [0x22, 0x5c, 0x2c] as const;
const [quotes, backslashes, commas] = [fourTimes(0x22), fourTimes(0x5c), fourTimes(0x2c)];

const isSpecial = (byte: number): boolean => byte < 0x20 || others.some((other) => other === byte);

/** Bytes around the borders, and any. */
const byte = fc.oneof(
  fc.constantFrom(0, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x2c, 0x5c, 0x7f, 0x80, 0xa2, 0xff),
  fc.nat(255),
);

describe('specialBytes() and firstSpecial()', () => {
  it('find each byte in each place', () => {
    for (let value = 0; value < 256; value++) {
      for (let place = 0; place < 4; place++) {
        const bytes = new Uint8Array(4).fill(0x61);
        bytes[place] = value;
        const found = specialBytes(viewOf(bytes).getInt32(0, true), quotes, backslashes, commas);
        expect(found === 0 ? -1 : firstSpecial(found)).toBe(isSpecial(value) ? place : -1);
      }
    }
  });
});

describe('findSpecial()', () => {
  it('finds the first', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 20 }), (values) => {
        const bytes = Uint8Array.from([0x0a, ...values, 0x0a, 0, 0, 0]);
        const expected = bytes.findIndex((value, index) => index > 0 && isSpecial(value));
        expect(findSpecial(viewOf(bytes), 1, quotes, backslashes, commas)).toBe(expected);
      }),
    );
  });
});
