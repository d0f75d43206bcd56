import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrc } from './crc.ts';
import { Deflater } from './deflater.ts';
import { trainDeflate } from './model.ts';
import { DeflateKernel } from './kernel.ts';
import type { DeflateLevel, DeflateModel } from './model.ts';
import { codeSize } from './prefix-codes.ts';
import { encodedBits, entropyBits, fullTables } from './tables.ts';

const LEVELS: readonly DeflateLevel[] = ['default', 'fast'];
const BLOCK = 128 * 1024;
const LAST_BLOCK = Buffer.of(3, 0);
const deflater = new Deflater();

/** A sequence of numbers that looks random and is always the same. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function noise(length: number, seed = 1): Buffer {
  const next = randoms(seed);
  return Buffer.from(Uint8Array.from({ length }, () => next() * 256));
}

function rows(length: number, seed = 1): Buffer {
  const next = randoms(seed);
  const words = Array.from({ length: 300 }, () => Math.floor(next() * 36 ** 5).toString(36));
  let text = '';
  for (let row = 0; text.length < length; row++)
    text += `{"id":${row},"name":"${words[Math.floor(next() ** 3 * 300)]} 名前","value":${(next() * 1e4).toFixed(2)}}\n`;
  return Buffer.from(text).subarray(0, length);
}

/** Lines of short fields, as of a CSV file. */
function fields(length: number, seed = 1): Buffer {
  const next = randoms(seed);
  const words = Array.from({ length: 2000 }, () => Math.floor(next() * 36 ** 4).toString(36));
  let text = '';
  for (let row = 0; text.length < length; row++)
    text += `${row},${words[Math.floor(next() * 2000)]},${Math.floor(next() * 1e3)},${words[Math.floor(next() ** 2 * 2000)]}\n`;
  return Buffer.from(text).subarray(0, length);
}

function deflated(bytes: Uint8Array, level: DeflateLevel, model = trainDeflate(bytes, level), step = 65_536): Buffer {
  deflater.begin(model);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step)
    parts.push(Buffer.from(deflater.write(bytes.subarray(at, at + step))));
  parts.push(Buffer.from(deflater.end()));
  expect([deflater.size, deflater.crc]).toEqual([bytes.length, crc32(bytes)]);
  return Buffer.concat(parts);
}

function inflated(bytes: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([bytes, LAST_BLOCK]));
}

/** Compared as a whole: a difference of megabytes is not for reading. */
function expectSame(actual: Buffer, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.equals(expected)).toBe(true);
}

const far = noise(32768);
const cases: readonly (readonly [string, Uint8Array])[] = [
  ...[0, 1, 2, 3, 4, 15, 16, 17, 18, 100].map((length) => [`${length} bytes`, rows(length)] as const),
  ...[-1, 0, 1, 15, 16, 17].map((more) => [`a block and ${more} bytes`, rows(BLOCK + more)] as const),
  ...[-1, 0, 1].map((more) => [`three blocks and ${more} bytes`, rows(3 * BLOCK + more)] as const),
  ['zeros', Buffer.alloc(500_000)],
  ['two values', Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => ((at * at) % 7 === 2 ? 1 : 0)))],
  ['noise', noise(400_000)],
  ['a match of 258', Buffer.concat([noise(258), noise(258), noise(50, 2)])],
  ['a match at distance 32768', Buffer.concat([far, far.subarray(0, 300), noise(40, 2)])],
  ['a match at distance 32769', Buffer.concat([far, noise(1, 3), far.subarray(0, 300)])],
  ['matches at the greatest distance throughout', Buffer.concat(Array.from({ length: 12 }, () => far))],
  ['text, noise, zeros, text', Buffer.concat([rows(300_000), noise(300_000), Buffer.alloc(300_000), rows(300_000, 9)])],
];

describe.each(LEVELS)('Deflater, %s', (level) => {
  it.each(cases)('reads back: %s', (_, bytes) => {
    expectSame(inflated(deflated(bytes, level)), bytes);
    expectSame(inflated(deflated(bytes, level, trainDeflate(Buffer.alloc(0), level))), bytes);
    expectSame(inflated(deflated(bytes, level, trainDeflate(noise(5000), level))), bytes);
  });

  it('gives the same whatever the calls, and whatever was compressed before', () => {
    const bytes = Buffer.concat([rows(300_000), noise(70_000)]);
    const model = trainDeflate(bytes, level);
    const whole = deflated(bytes, level, model, bytes.length);
    for (const step of [1000, 65_536, BLOCK, BLOCK + 1]) {
      deflated(noise(step, step), level, model);
      expectSame(deflated(bytes, level, model, step), whole);
    }
    expectSame(deflated(bytes, level, JSON.parse(JSON.stringify(model)) as DeflateModel), whole);
  });

  it('never grows what cannot be made smaller by more than a few bytes', () => {
    for (const length of [1, 100, 5000, 65_535, 65_536, BLOCK, BLOCK * 3 + 5]) {
      const bytes = noise(length, length);
      // Three stored blocks for one of ours: they hold a byte less than a half.
      const blocks = Math.ceil(length / BLOCK) * 3;
      expect(deflated(bytes, level, trainDeflate(rows(50_000), level)).length).toBeLessThanOrEqual(
        length + 6 * blocks + 6,
      );
    }
  });

  it('turns to codes of its own when the data is of another nature than the sample', () => {
    const model = trainDeflate(rows(300_000), level);
    const zeros = Buffer.alloc(BLOCK * 4);
    expect(deflated(zeros, level, model).length).toBeLessThan(zeros.length / 200);
    const hex = Buffer.from(noise(BLOCK * 2).toString('hex'));
    expect(deflated(hex, level, model).length).toBeLessThan(hex.length * 0.58);
    const both = deflated(Buffer.concat([rows(BLOCK * 4), hex]), level, model).length;
    expect(both).toBeLessThan(deflated(rows(BLOCK * 4), level, model).length + hex.length * 0.58);
  });

  it('reads back any bytes', () => {
    const runs = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 300 })));
    fc.assert(
      fc.property(runs, fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 1, max: 5000 }), (parts, sample, step) => {
        const bytes = Buffer.concat(parts.flatMap(([part, count]) => Array.from({ length: count }, () => part)));
        expectSame(inflated(deflated(bytes, level, trainDeflate(sample, level), step)), bytes);
      }),
      { numRuns: 60 },
    );
  });
});

describe('Deflater', () => {
  const level = 'default';

  it('shares kernels: several pieces at once, some of them abandoned', () => {
    const texts = [fields(400_000), rows(300_000), noise(200_000), rows(20_000, 5), Buffer.alloc(0), fields(10)];
    const models = texts.map((bytes) => trainDeflate(bytes, level));
    const alone = texts.map((bytes, index) => deflated(bytes, level, models[index]));
    const several = texts.map(() => new Deflater());
    const parts = texts.map((): Buffer[] => []);
    for (let round = 0; round < 2; round++)
      for (const [index, piece] of several.entries()) {
        const model = models[index];
        if (model !== undefined) piece.begin(model);
        if (round === 0) piece.write(noise(3000, index));
      }
    for (let at = 0; at < 400_000; at += 70_000)
      for (const [index, piece] of several.entries()) {
        const bytes = piece.write(texts[index]?.subarray(at, at + 70_000) ?? far);
        parts[index]?.push(Buffer.from(bytes));
        // Never ended.
        new Deflater().begin(trainDeflate(far, level));
      }
    const ends = several.map((piece) => piece.end());
    // Kernels are with others by now, and what they have lent still stands.
    deflated(noise(300_000, 3), level);
    for (const [index, end] of ends.entries()) {
      const whole = Buffer.concat([...(parts[index] ?? []), end]);
      expectSame(whole, alone[index] ?? far);
      expectSame(inflated(whole), texts[index] ?? far);
    }
  });

  it('does not write between pieces', () => {
    const piece = new Deflater();
    expect(() => piece.write(far)).toThrow('a piece has begun');
    piece.begin(trainDeflate(far, level));
    piece.end();
    expect(() => piece.end()).toThrow('a piece has begun');
  });
});

describe('trainDeflate()', () => {
  it('has short fields searched densely, where that saves enough', () => {
    expect(trainDeflate(fields(300_000), 'default').search).toBe('dense');
    expect(trainDeflate(fields(50_000), 'default').search).toBe('dense');
    expect(trainDeflate(fields(300_000), 'fast').search).toBe('fast');
    for (const bytes of [rows(300_000), noise(300_000), Buffer.alloc(300_000), Buffer.alloc(0)])
      expect(trainDeflate(bytes, 'default').search).toBe('default');
  });

  it('makes files within 3 % of those of zlib, level 1', () => {
    for (const bytes of [fields(1_000_000), rows(1_000_000), fields(20_000), rows(20_000), rows(1000)])
      expect(deflated(bytes, 'default').length).toBeLessThan(deflateRawSync(bytes, { level: 1 }).length * 1.03);
  });

  it('makes the same model of the same sample', () => {
    const model = trainDeflate(fields(300_000), 'default');
    deflated(noise(100_000), 'default');
    expect(trainDeflate(fields(300_000), 'default')).toEqual(model);
  });
});

describe.each(['default', 'fast', 'dense'] as const)('DeflateKernel, %s', (search) => {
  it('counts what it encodes', () => {
    const kernel = new DeflateKernel();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: BLOCK }), fc.nat(9), fc.nat(60_000), (length, seed, noisy) => {
        kernel.load(Buffer.concat([noise(noisy, seed), rows(BLOCK, seed)]).subarray(0, length));
        kernel.begin(search);
        const counts = kernel.count(0, length);
        const tables = fullTables(counts);
        const endOfBlock = kernel.use(tables);
        kernel.begin(search);
        kernel.encode(length);
        expect(kernel.bits + codeSize(endOfBlock)).toBe(encodedBits(tables, counts));
        expect(kernel.bits).toBeGreaterThanOrEqual(entropyBits(counts));
      }),
      { numRuns: 30 },
    );
  });
});

describe('combineCrc()', () => {
  it('is that of both together', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const both = crc32(Buffer.concat([first, second]));
        expect(combineCrc(crc32(first), crc32(second), second.length)).toBe(both);
      }),
    );
    const long = Buffer.alloc(1_000_000, 'long');
    expect(combineCrc(crc32('a'), crc32(long), long.length)).toBe(crc32(long, crc32('a')));
  });

  it('takes lengths beyond 32 bits: three pieces in either order of joining', () => {
    const length = 2 ** 40 + 5;
    const right = combineCrc(1, combineCrc(2, 3, 7), length + 7);
    expect(combineCrc(combineCrc(1, 2, length), 3, 7)).toBe(right);
  });
});
