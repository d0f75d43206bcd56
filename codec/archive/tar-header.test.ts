import { describe, expect, it } from 'vitest';
import { parsePax, parseTarHeader } from './tar-header.ts';

/** A header of such a size field, with the checksum that it should have. */
function header(size: Buffer | string): Buffer {
  const block = Buffer.alloc(512);
  block.write('a.csv');
  block.set(Buffer.from(size), 124);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const large = (value: bigint): Buffer => {
  const field = Buffer.alloc(12);
  field.writeBigUInt64BE(value, 4);
  field[0] = 0x80;
  return field;
};

describe('parseTarHeader()', () => {
  it.each([
    ['00000000017', 15],
    ['17 ', 15],
    ['', 0],
    [large(2n ** 40n), 2 ** 40],
  ])('reads the size %j', (size, expected) => expect(parseTarHeader(header(size))?.sizeBytes).toBe(expected));

  it.each([['9'], ['x'], [large(2n ** 60n)], [Buffer.alloc(12, 0xff)]])('refuses the size %j', (size) => {
    expect(parseTarHeader(header(size))).toBeUndefined();
  });

  it('refuses what has a wrong checksum', () => {
    expect(parseTarHeader(header('1').fill(0x42, 0, 1))).toBeUndefined();
  });
});

describe('parsePax()', () => {
  it.each([
    ['', { isSparse: false }],
    ['14 path=x=y\nz\n', { path: 'x=y\nz', isSparse: false }],
    ['12 size=123\n11 mtime=1\n', { sizeBytes: 123, isSparse: false }],
    ['22 GNU.sparse.major=1\n', { isSparse: true }],
  ])('reads %j', (text, expected) => {
    const fields = parsePax(Buffer.from(text));
    expect({ ...fields, ...(fields?.path && { path: Buffer.from(fields.path).toString() }) }).toEqual(expected);
  });

  it.each(['x', '5 a=b', '8 path=x\n', '7 path\n', '0 a=b\n', '11 size=-1\n'])('refuses %j', (text) => {
    expect(parsePax(Buffer.from(text))).toBeUndefined();
  });
});
