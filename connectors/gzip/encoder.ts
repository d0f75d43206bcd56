import { gzip } from '#codec/compression/zlib-codecs.ts';
import type { Encoder } from '#spi/files.ts';
import type { GzipEncoderConfig } from './config.ts';

export const gzipEncoder: Encoder<GzipEncoderConfig> = {
  encode: (config, bytes) => gzip(bytes, config.level),
};
