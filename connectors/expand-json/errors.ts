import { errorCatalogue } from '#spi/errors.ts';

export const expandJsonErrors = errorCatalogue({
  EXPAND_JSON_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
  EXPAND_JSON_TEXT: {
    kind: 'data',
    message: 'The text is not JSON.',
    hint: 'Clean the data; without `stop_on_invalid_record` such a record is left out.',
  },
  EXPAND_JSON_VALUE: {
    kind: 'data',
    message: "The value {value} of '{column}' is not {type}.",
    hint: 'Choose another type; without `stop_on_invalid_record` such a record is left out.',
  },
});
