import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { describe, expect, it } from 'vitest';
import { ByteSink } from '#spi/byte-sink.ts';
import { bitWidthOf, writeHybrid } from './hybrid.ts';
import { snappy } from './snappy.ts';
import { ThriftWriter, writeVarint } from './thrift-writer.ts';

function hybrid(values: Uint32Array, width: number): Uint8Array {
  const sink = new ByteSink();
  writeHybrid(sink, values, values.length, width);
  return sink.view();
}

function readHybrid(bytes: Uint8Array, width: number, count: number): number[] {
  const output: number[] = Array.from({ length: count }, () => 0);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  readRleBitPackedHybrid(reader, width, output, bytes.length);
  return output;
}

describe('bitWidthOf()', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 2],
    [256, 8],
    [257, 9],
    [65_536, 16],
  ])('of %i entries is %i', (count, width) => expect(bitWidthOf(count)).toBe(width));
});

describe('writeHybrid()', () => {
  it.each([
    ['one run', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 8, [24, 1]],
    ['packed values', [0, 1, 2, 3, 4, 5, 6, 7], 3, [3, 0x88, 0xc6, 0xfa]],
    ['a short group', [1, 0, 1], 1, [3, 0b101]],
    ['nothing', [], 4, []],
  ])('writes %s', (_title, values, width, bytes) => {
    expect([...hybrid(Uint32Array.from(values), width)]).toEqual(bytes);
  });

  it('is read back as it was, whatever the mixture of runs', () => {
    const run = fc.tuple(fc.nat(0xffff), fc.oneof(fc.constant(1), fc.nat(300)));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.array(run, { maxLength: 30 }), (width, runs) => {
        const mask = (1 << width) - 1;
        const values = Uint32Array.from(runs.flatMap(([value, count]) => Array<number>(count).fill(value & mask)));
        expect(readHybrid(hybrid(values, width), width, values.length)).toEqual([...values]);
      }),
    );
  });
});

describe('snappy()', () => {
  function undone(text: Uint8Array): Uint8Array {
    const output = new Uint8Array(text.length);
    snappyUncompress(snappy(text), output);
    return output;
  }

  it('is undone by a decoder, for texts with repetitions near and far', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 5 }), fc.nat(60))
        .map(([unit, count]) => Buffer.concat(Array<Uint8Array>(count).fill(unit))),
    );
    const text = fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.concat([...pieces, ...pieces]));
    fc.assert(
      fc.property(text, (bytes) => {
        expect(Buffer.compare(undone(bytes), bytes)).toBe(0);
      }),
    );
  });

  it.each([65_535, 65_536, 65_537, 200_000])('takes texts of several blocks: %i bytes', (length) => {
    const text = Uint8Array.from({ length }, (_, at) => (at * at) >> 7);
    expect(Buffer.compare(undone(text), text)).toBe(0);
  });

  it('makes repetitive text small, and random bytes hardly larger', () => {
    expect(snappy(Buffer.alloc(100_000, 'abcdefgh')).length).toBeLessThan(6000);
    const random = Uint8Array.from({ length: 100_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 19);
    expect(snappy(random).length).toBeLessThan(101_000);
  });
});

describe('ThriftWriter', () => {
  it('writes fields with steps and far ids, lists, structs and signs', () => {
    const thrift = new ThriftWriter();
    thrift.i32(1, -1);
    thrift.i64(20, 300);
    thrift.struct(21, () => thrift.bool(1, true));
    thrift.list(22, 'i32', 2);
    thrift.i32Element(1);
    thrift.i32Element(-2);
    thrift.text(23, 'é');
    thrift.end();
    expect([...thrift.sink.view()]).toEqual([
      0x15, 1, 0x06, 40, 0xd8, 0x04, 0x1c, 0x11, 0, 0x19, 0x25, 2, 3, 0x18, 2, 0xc3, 0xa9, 0,
    ]);
  });
});

describe('writeVarint()', () => {
  it('writes sizes beyond 32 bits', () => {
    const sink = new ByteSink();
    writeVarint(sink, 2 ** 40 + 5);
    expect([...sink.view()]).toEqual([0x85, 0x80, 0x80, 0x80, 0x80, 0x20]);
  });
});
