import { unzstd } from '#codec/compression/zlib-codecs.ts';
import { inFile } from '#codec/compression/in-file.ts';
import type { Decoder } from '#spi/files.ts';

export const zstdDecoder: Decoder<object> = {
  decode: (_config, bytes, file) => inFile(unzstd(bytes), file.name),
};
