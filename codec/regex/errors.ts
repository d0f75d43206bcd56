import { errorCatalogue } from '#spi/errors.ts';

export const regexErrors = errorCatalogue({
  REGEX_TIMEOUT: {
    kind: 'data',
    message: "The regular expression '{regex}' did not come to an end within {seconds} s on {value}.",
    hint: 'A repetition inside a repetition, as in (a+)+, can take forever on a text that nearly matches: write it so that there is one way to match.',
  },
});
