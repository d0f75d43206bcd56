import { bunzip2 } from '#codec/compression/bzip2-decoder.ts';
import { inFile } from '#codec/compression/in-file.ts';
import type { Decoder } from '#spi/files.ts';

export const bzip2Decoder: Decoder<object> = {
  decode: (_config, bytes, file) => inFile(bunzip2(bytes), file.name),
};
