import { errorCatalogue } from '#spi/errors.ts';

export const spoolErrors = errorCatalogue({
  SPOOL_NO_ROOM: {
    kind: 'data',
    message: 'No copy of the file can be kept in {folder}: {reason}.',
    hint: 'Such files are read from their end, so they are put aside. Make room there, or set TMPDIR to another folder.',
  },
});
