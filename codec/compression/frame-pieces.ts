/** Pieces of formats whose files may stand behind each other: each piece is a file of its own. */
import { constants, zstdCompressSync } from 'node:zlib';
import type { PieceEncoder } from '#spi/files.ts';
import { Bzip2Stream } from './bzip2-encoder.ts';

const NOTHING = new Uint8Array(0);
/** A longer piece becomes several frames: memory stays bounded. */
const FRAME_BYTES = 4 * 1024 * 1024;

/** What encoders without a model, and without anything around the pieces, have in common. */
const bare = {
  sampleBytes: 0,
  train: () => null,
  head: () => NOTHING,
  tail: () => NOTHING,
  emptySummary: [],
  combine: () => [],
} as const;

/** Frames of Zstandard. A file without any bytes still has one. */
export function zstdPieces(level: number): PieceEncoder {
  const buffer = Buffer.alloc(FRAME_BYTES);
  let filled = 0;
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  const encodeFrame = (): Buffer => {
    const frame = zstdCompressSync(buffer.subarray(0, filled), { params });
    filled = 0;
    return frame;
  };
  return {
    ...bare,
    begin: () => {
      filled = 0;
    },
    write: (bytes) => {
      const frames: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        if (filled === FRAME_BYTES) frames.push(encodeFrame());
        const part = bytes.subarray(at, at + FRAME_BYTES - filled);
        buffer.set(part, filled);
        filled += part.length;
        at += part.length;
      }
      return frames.length === 0 ? NOTHING : Buffer.concat(frames);
    },
    end: () => ({ bytes: encodeFrame(), summary: [] }),
  };
}

/** Streams of bzip2. */
export function bzip2Pieces(level: number): PieceEncoder {
  let stream = new Bzip2Stream(level);
  return {
    ...bare,
    begin: () => {
      stream = new Bzip2Stream(level);
    },
    write: (bytes) => {
      stream.append(bytes);
      return stream.take();
    },
    end: () => {
      stream.finish();
      return { bytes: stream.take(), summary: [] };
    },
  };
}
