import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '#spi/files.ts';
import { bunzip2 as bunzip2Command } from '#test/kit/bunzip2.ts';
import { bunzip2 } from './bzip2-decoder.ts';
import { bzip2 } from './bzip2-encoder.ts';
import { sortRotations } from './rotation-sort.ts';
import { gunzip, gzip, unzstd, zstd } from './zlib-codecs.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // One buffer for all pieces: a chunk is only lent.
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

async function all(bytes: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const text = Buffer.from(
  Array.from({ length: 20_000 }, (_, row) => `${row},name ${row % 97},${(row * 7919) % 1000}\n`).join(''),
);

const decoders = { gzip: gunzip, bzip2: bunzip2, zstd: unzstd } as const;
const encoders = {
  gzip: (bytes: Bytes) => gzip(bytes, 6),
  bzip2: (bytes: Bytes) => bzip2(bytes, 1),
  zstd: (bytes: Bytes) => zstd(bytes, 3),
} as const;
const firstBytes = { gzip: 0x1f, bzip2: 0x42, zstd: 0x28 } as const;
const names = ['gzip', 'bzip2', 'zstd'] as const;

describe.each(names)('%s', (name) => {
  const encode = (bytes: Uint8Array, size: number): Promise<Buffer> => all(encoders[name](pieces(bytes, size)));
  const decode = (bytes: Uint8Array, size: number): Promise<Buffer> => all(decoders[name](pieces(bytes, size)));

  it('reads back what it writes, whatever the pieces', async () => {
    const runs = fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 700 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(runs, fc.integer({ min: 1, max: 999 }), async (parts, size) => {
        const bytes = Buffer.concat(parts.map(([byte, count]) => Buffer.alloc(count, byte)));
        expect(await decode(await encode(bytes, size), size)).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
    expect(await decode(await encode(text, 65_536), 1000)).toEqual(text);
  });

  it('reads streams behind each other as one', async () => {
    const two = Buffer.concat([await encode(text, 4096), await encode(Buffer.from('more'), 4)]);
    expect(await decode(two, 3000)).toEqual(Buffer.concat([text, Buffer.from('more')]));
  });

  it('tells a file cut short, an empty one, and one of another kind', async () => {
    const whole = await encode(text, 65_536);
    const cut = whole.subarray(0, whole.length - 7);
    await expect(decode(cut, 4096)).rejects.toMatchObject({ code: 'COMPRESSED_TRUNCATED' });
    await expect(decode(Buffer.alloc(0), 1)).rejects.toMatchObject({ code: 'COMPRESSED_TRUNCATED' });
    await expect(decode(Buffer.from('a,b\n1,2\nmore text than a header\n'), 100)).rejects.toMatchObject({
      code: 'COMPRESSED_NOT_THIS',
    });
  });

  it('tells damage', async () => {
    const whole = await encode(text, 65_536);
    const middle = Math.floor(whole.length / 2);
    whole[middle] = (whole[middle] ?? 0) ^ 0x55;
    await expect(decode(whole, 4096)).rejects.toMatchObject({ code: expect.stringMatching(/^COMPRESSED_/) });
  });

  it('passes errors of the source on', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(firstBytes[name]);
      throw new Error('the source has failed');
    }
    await expect(all(encoders[name](failing()))).rejects.toThrow('the source has failed');
    await expect(all(decoders[name](failing()))).rejects.toThrow('the source has failed');
  });
});

describe('other tools', () => {
  it('read what the encoders write', async () => {
    expect(gunzipSync(await all(gzip(pieces(text, 4096), 9)))).toEqual(text);
    expect(zstdDecompressSync(await all(zstd(pieces(text, 4096), 1)))).toEqual(text);
    expect(await bunzip2Command(await all(bzip2(pieces(text, 4096), 9)))).toEqual(text);
    expect(await bunzip2Command(await all(bzip2(pieces(Buffer.alloc(0), 1), 9)))).toEqual(Buffer.alloc(0));
  });

  it('write what the decoders read', async () => {
    expect(await all(gunzip(pieces(gzipSync(text), 777)))).toEqual(text);
    expect(await all(unzstd(pieces(zstdCompressSync(text), 777)))).toEqual(text);
    // Made by the bzip2 command from "hello hello hello\n".
    const made = Buffer.from('QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=', 'base64');
    expect((await all(bunzip2(pieces(made, 5)))).toString()).toBe('hello hello hello\n');
  });

  it('find the header of gzip that Java writes', async () => {
    const packed = await all(gzip(pieces(text, 4096), 6));
    expect(packed.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  });
});

describe('sortRotations()', () => {
  it('sorts like the obvious way, also where everything repeats', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 40 }), (values) => {
        const bytes = Uint8Array.from(values);
        const rotation = (at: number): string => [...bytes.subarray(at), ...bytes.subarray(0, at)].join('');
        const obvious = Array.from(bytes.keys()).map(rotation).sort();
        expect([...sortRotations(bytes, bytes.length)].map(rotation)).toEqual(obvious);
      }),
    );
  });
});
