import { errorCatalogue } from '#spi/errors.ts';

export const configInputErrors = errorCatalogue({
  CONFIG_ROW_SHORT: {
    kind: 'config',
    message: 'The row has {found} values, but there are {expected} columns.',
    hint: 'Give a value for every column; write ~ for null.',
  },
  CONFIG_TIMESTAMP: {
    kind: 'config',
    message: "The value {value} of the column '{column}' is not a timestamp in the format {format}.",
    hint: 'Quote dates (an unquoted date is a number in YAML), and check `format`.',
  },
});
