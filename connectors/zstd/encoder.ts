import { zstdPieces } from '#codec/compression/frame-pieces.ts';
import { zstd } from '#codec/compression/zlib-codecs.ts';
import type { Encoder } from '#spi/files.ts';
import type { ZstdEncoderConfig } from './config.ts';

export const zstdEncoder: Encoder<ZstdEncoderConfig> = {
  encode: (config, bytes) => zstd(bytes, config.level),
  openPieces: (config) => zstdPieces(config.level),
};
