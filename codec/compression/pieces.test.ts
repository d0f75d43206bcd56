import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes, PieceEncoder } from '#spi/files.ts';
import { bunzip2 } from '#test/kit/bunzip2.ts';
import { commandOutput, hasCommand } from '#test/kit/command-output.ts';
import { bzip2Pieces, zstdPieces } from './frame-pieces.ts';
import { gzipPieces, zlibPieces } from './gzip-pieces.ts';
import { asOnePiece } from './whole-file.ts';

function rows(length: number, seed = 1): Buffer {
  let text = '';
  for (let row = seed; text.length < length; row++)
    text += `{"id":${row},"hash":"${Math.imul(row, 2654435761).toString(16)}","name":"value ${(row * 7919) % 997}"}\n`;
  return Buffer.from(text).subarray(0, length);
}

function encodedPieces(encoder: PieceEncoder, pieces: readonly Uint8Array[], step = 50_000): Buffer {
  const model = encoder.train(Buffer.concat(pieces).subarray(0, encoder.sampleBytes));
  const parts: Uint8Array[] = [encoder.head()];
  let summary = encoder.emptySummary;
  for (const piece of pieces) {
    encoder.begin(model);
    for (let at = 0; at < piece.length; at += step)
      parts.push(Buffer.from(encoder.write(piece.subarray(at, at + step))));
    const end = encoder.end();
    parts.push(Buffer.from(end.bytes));
    summary = encoder.combine(summary, end.summary);
  }
  parts.push(encoder.tail(summary));
  return Buffer.concat(parts);
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(bytes: Bytes): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of bytes) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

const gzipEncoders: readonly (readonly [string, () => PieceEncoder])[] = [
  ['default', () => gzipPieces('default')],
  ['fast', () => gzipPieces('fast')],
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((level) => [`zlib ${level}`, () => zlibPieces(level)] as const),
];

const several = [rows(300_000), Buffer.alloc(0), rows(5, 9), Buffer.alloc(70_000, 'a'), rows(1_200_000, 5)];

const gzipReaders: readonly [string, ...string[]][] = [
  ['gzip', '-dc'],
  ['igzip', '-dc'],
  ['libdeflate-gzip', '-dc'],
  ['python3', '-c', 'import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))'],
];

describe.each(gzipEncoders)('pieces of gzip, %s', (_, open) => {
  it('make one member', () => {
    expect(gunzipSync(encodedPieces(open(), several)).equals(Buffer.concat(several))).toBe(true);
    expect(gunzipSync(encodedPieces(open(), []))).toEqual(Buffer.alloc(0));
    expect(gunzipSync(encodedPieces(open(), [Buffer.alloc(0)]))).toEqual(Buffer.alloc(0));
  });

  it('do not depend on the calls, nor on the encoder before them', () => {
    const encoder = open();
    const whole = encodedPieces(encoder, several, 3_000_000);
    for (const step of [997, 131_072, 131_073]) expect(encodedPieces(encoder, several, step).equals(whole)).toBe(true);
  });

  it('begin with the header that Java writes', () => {
    expect(Buffer.from(open().head()).toString('hex')).toBe('1f8b08000000000000ff');
  });
});

const readEncoders = gzipEncoders.filter(([name]) => ['default', 'fast', 'zlib 6'].includes(name));

describe.each(readEncoders)('pieces of gzip, %s', (_, open) => {
  it.each(gzipReaders)('are read by %s', async (...reader) => {
    // Where it is missing, `npm test` says so.
    if (!hasCommand(reader[0])) return;
    expect((await commandOutput(reader, encodedPieces(open(), several))).equals(Buffer.concat(several))).toBe(true);
  });
});

describe('zstdPieces()', () => {
  it('makes a frame of a piece, several of a long one', () => {
    for (const pieces of [several, [rows(9_000_000)]])
      expect(zstdDecompressSync(encodedPieces(zstdPieces(1), pieces)).equals(Buffer.concat(pieces))).toBe(true);
  });
});

describe('bzip2Pieces()', () => {
  it('makes a stream of a piece', async () => {
    const pieces = [rows(150_000), Buffer.alloc(0), rows(5, 9), Buffer.alloc(70_000, 'a')];
    expect((await bunzip2(encodedPieces(bzip2Pieces(1), pieces))).equals(Buffer.concat(pieces))).toBe(true);
  });
});

describe('asOnePiece()', () => {
  it('makes a file of any size in any chunks', async () => {
    const sizes = fc.oneof(fc.nat(100), fc.integer({ min: 262_000, max: 263_000 }), fc.nat(700_000));
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 10_000, max: 400_000 }), async (size, step) => {
        const bytes = rows(size);
        const packed = await all(asOnePiece(gzipPieces('default'), chunks(bytes, step)));
        expect(gunzipSync(packed).equals(bytes)).toBe(true);
        expect(packed.equals(await all(asOnePiece(gzipPieces('default'), chunks(bytes, 65_536))))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('gives nothing out before something has come in', async () => {
    let isRead = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      isRead = true;
      yield Buffer.from('a');
    }
    const file = asOnePiece(gzipPieces('fast'), source());
    await file.next();
    expect(isRead).toBe(true);
    await file.return(undefined);
  });
});
