import { errorCatalogue } from '#spi/errors.ts';

export const addTimeErrors = errorCatalogue({
  ADD_TIME_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
  ADD_TIME_VALUE: {
    kind: 'data',
    message: '{value} is not a time.',
    hint: 'Check `timestamp_format` and `unix_timestamp_unit`.',
  },
});
