import { errorCatalogue } from '#spi/errors.ts';

export const compressionErrors = errorCatalogue({
  COMPRESSED_TRUNCATED: {
    kind: 'data',
    message: 'The {format} data ends in the middle, after {bytes} bytes.',
    hint: 'The file was probably cut off while it was copied: get it again, or wait until it is complete.',
  },
  COMPRESSED_NOT_THIS: {
    kind: 'data',
    message: 'The data is not {format}.',
    hint: 'Remove the decoder if the file is not compressed; `ropeway guess` finds out what it is.',
  },
  COMPRESSED_DAMAGED: {
    kind: 'data',
    message: 'The {format} data is damaged: {reason}.',
    hint: 'The file does not hold what was written: get it again.',
  },
});
