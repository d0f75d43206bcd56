/** gzip in pieces: one member whose deflate blocks come from several encoders. */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { PieceEncoder, PieceSummary } from '#spi/files.ts';
import type { Json } from '#spi/json.ts';
import { isJsonObject } from '#spi/json.ts';
import { combineCrc } from './deflate/crc.ts';
import { Deflater } from './deflate/deflater.ts';
import { SAMPLE_BYTES_MAX, trainDeflate } from './deflate/model.ts';
import type { DeflateLevel, DeflateModel } from './deflate/model.ts';

const NOTHING = new Uint8Array(0);
/** Deflate, no flags, no time, and a system unknown to the format: like Java's. */
const HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** An empty block that says it is the last one. */
const LAST_BLOCK = [0x03, 0x00] as const;
const WINDOW_BYTES = 32 * 1024;
/** What zlib gets at once: its memory is bounded, and what a flush costs does not count. */
const ZLIB_BLOCK_BYTES = 1024 * 1024;

/** How the checksum and size of pieces become those of the whole: the part that all encoders share. */
const framing = {
  head: (): Uint8Array => HEAD,
  emptySummary: [0, 0] as PieceSummary,
  combine: (first: PieceSummary, second: PieceSummary): PieceSummary => {
    const [firstCrc = 0, firstSize = 0] = first;
    const [secondCrc = 0, secondSize = 0] = second;
    return [combineCrc(firstCrc, secondCrc, secondSize), firstSize + secondSize];
  },
  tail: ([crc = 0, size = 0]: PieceSummary): Uint8Array => {
    const tail = Buffer.alloc(LAST_BLOCK.length + 8);
    tail.set(LAST_BLOCK);
    tail.writeUInt32LE(crc, LAST_BLOCK.length);
    tail.writeUInt32LE(size % 2 ** 32, LAST_BLOCK.length + 4);
    return tail;
  },
} as const;

/** Below so many bytes zlib is quicker: our own deflate has to be compiled, and to learn. */
const OURS_FROM_BYTES = 16 * 1024;
/** The level of zlib that ours is like. */
const LIKE_LEVEL = 1;
const ZLIB_MODEL = 'zlib';

/** With our own deflate; files that are tiny, as their sample shows, with zlib. */
export function gzipPieces(level: DeflateLevel): PieceEncoder {
  let ours: Deflater | undefined;
  let zlib: PieceEncoder | undefined;
  let isZlib = false;
  const deflater = (): Deflater => (ours ??= new Deflater());
  const zlibEncoder = (): PieceEncoder => (zlib ??= zlibPieces(LIKE_LEVEL));
  return {
    ...framing,
    sampleBytes: SAMPLE_BYTES_MAX,
    train: (sample) => (sample.length < OURS_FROM_BYTES ? ZLIB_MODEL : trainDeflate(sample, level)),
    begin: (model) => {
      isZlib = model === ZLIB_MODEL;
      if (isZlib) zlibEncoder().begin(null);
      else deflater().begin(deflateModel(model));
    },
    write: (bytes) => (isZlib ? zlibEncoder() : deflater()).write(bytes),
    end: () => {
      if (isZlib) return zlibEncoder().end();
      return { bytes: deflater().end(), summary: [deflater().crc, deflater().size] };
    },
  };
}

function deflateModel(model: Json): DeflateModel {
  if (!isJsonObject(model)) throw new TypeError('not a model of deflate');
  // It comes from `train`, perhaps by way of another thread.
  return model as unknown as DeflateModel;
}

/** With zlib: blocks that go on with the window of the one before. */
export function zlibPieces(level: number): PieceEncoder {
  const buffer = Buffer.alloc(WINDOW_BYTES + ZLIB_BLOCK_BYTES);
  let history = 0;
  let filled = 0;
  let crc = 0;
  let size = 0;
  const encodeBlock = (): Buffer => {
    const start = WINDOW_BYTES;
    const dictionary = history > 0 ? { dictionary: buffer.subarray(start - history, start) } : {};
    const block = buffer.subarray(start, start + filled);
    const packed = deflateRawSync(block, { level, finishFlush: constants.Z_SYNC_FLUSH, ...dictionary });
    history = Math.min(WINDOW_BYTES, history + filled);
    buffer.copyWithin(start - history, start + filled - history, start + filled);
    filled = 0;
    return packed;
  };
  return {
    ...framing,
    sampleBytes: 0,
    train: () => null,
    begin: () => {
      history = filled = crc = size = 0;
    },
    write: (bytes) => {
      const done: Uint8Array[] = [];
      crc = crc32(bytes, crc);
      size += bytes.length;
      for (let at = 0; at < bytes.length;) {
        if (filled === ZLIB_BLOCK_BYTES) done.push(encodeBlock());
        const part = bytes.subarray(at, at + ZLIB_BLOCK_BYTES - filled);
        buffer.set(part, WINDOW_BYTES + filled);
        filled += part.length;
        at += part.length;
      }
      return done.length === 0 ? NOTHING : Buffer.concat(done);
    },
    end: () => ({ bytes: filled > 0 ? encodeBlock() : NOTHING, summary: [crc, size] }),
  };
}
