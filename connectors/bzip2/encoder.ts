import { bzip2 } from '#codec/compression/bzip2-encoder.ts';
import { bzip2Pieces } from '#codec/compression/frame-pieces.ts';
import type { Encoder } from '#spi/files.ts';
import type { Bzip2EncoderConfig } from './config.ts';

export const bzip2Encoder: Encoder<Bzip2EncoderConfig> = {
  encode: (config, bytes) => bzip2(bytes, config.level),
  openPieces: (config) => bzip2Pieces(config.level),
};
