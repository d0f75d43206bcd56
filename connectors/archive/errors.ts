import { errorCatalogue } from '#spi/errors.ts';

export const archiveOptionErrors = errorCatalogue({
  ARCHIVE_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
