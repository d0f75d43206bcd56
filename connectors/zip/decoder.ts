import { unpackZip } from '#connectors/archive/unpacking.ts';
import type { ArchiveDecoder } from '#spi/files.ts';
import type { ZipDecoderConfig } from './config.ts';

export const zipDecoder: ArchiveDecoder<ZipDecoderConfig> = {
  unpack: (config, bytes, { name }, ctx) => unpackZip(config, { name, bytes }, ctx),
};
