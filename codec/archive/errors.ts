/** What can be wrong with an archive. */
import { errorCatalogue } from '#spi/errors.ts';

export const archiveErrors = errorCatalogue({
  ARCHIVE_NOT_THIS: {
    kind: 'data',
    message: 'The data is no {format} archive.',
    hint: 'Check the decoders: a .tar.gz file needs `gzip` and then `tar`. `ropeway guess` finds out what a file is.',
  },
  ARCHIVE_TRUNCATED: {
    kind: 'data',
    message: 'The {format} archive ends in the middle of {part}.',
    hint: 'The file was probably cut off while it was copied: get it again, or wait until it is complete.',
  },
  ARCHIVE_DAMAGED: {
    kind: 'data',
    message: "The {format} archive is damaged at '{name}': {reason}.",
    hint: 'The file does not hold what was written: get it again.',
  },
  ARCHIVE_UNSUPPORTED: {
    kind: 'data',
    message: "'{name}' cannot be read out of the {format} archive: {reason}.",
    hint: '{advice}',
  },
  ARCHIVE_EXPANDS: {
    kind: 'data',
    message: 'The archive of {packed} bytes has become more than {plain} bytes, and there is more to come.',
    hint: 'Files like this are made to fill disks. If it is what you expect, raise `max_ratio`.',
  },
  ARCHIVE_TOO_LARGE: {
    kind: 'data',
    message: 'The {format} archive has {part} of {size}; {limit} is the limit.',
    hint: 'Split the archive.',
  },
});
