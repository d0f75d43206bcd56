import { unpackTar } from '#connectors/archive/unpacking.ts';
import type { ArchiveDecoder } from '#spi/files.ts';
import type { TarDecoderConfig } from './config.ts';

export const tarDecoder: ArchiveDecoder<TarDecoderConfig> = {
  unpack: (config, bytes, { name }) => unpackTar(config, { name, bytes }),
};
