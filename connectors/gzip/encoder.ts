import { gzipPieces, zlibPieces } from '#codec/compression/gzip-pieces.ts';
import { asOnePiece } from '#codec/compression/whole-file.ts';
import { gzip } from '#codec/compression/zlib-codecs.ts';
import type { Encoder } from '#spi/files.ts';
import type { GzipEncoderConfig } from './config.ts';

export const gzipEncoder: Encoder<GzipEncoderConfig> = {
  encode: ({ level }, bytes) => {
    const own = ownLevel(level);
    return own === undefined ? gzip(bytes, Number(level)) : asOnePiece(gzipPieces(own), bytes);
  },
  openPieces: ({ level }) => {
    const own = ownLevel(level);
    return own === undefined ? zlibPieces(Number(level)) : gzipPieces(own);
  },
};

/** The level of our own deflate; undefined for those of zlib. */
function ownLevel(level: GzipEncoderConfig['level']): 'default' | 'fast' | undefined {
  if (level === 1) return 'default';
  return typeof level === 'number' ? undefined : level;
}
