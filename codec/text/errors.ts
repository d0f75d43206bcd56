import { errorCatalogue } from '#spi/errors.ts';

export const textErrors = errorCatalogue({
  TEXT_LINE_TOO_LONG: {
    kind: 'data',
    message: 'A line is longer than {limit} bytes.',
    hint: 'Is this the right parser for the file, and are its decoders and its charset right?',
  },
});
