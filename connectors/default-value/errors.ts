import { errorCatalogue } from '#spi/errors.ts';

export const defaultValueErrors = errorCatalogue({
  DEFAULT_VALUE_COLUMN: {
    kind: 'config',
    message: "There is no column '{name}' to fill.",
    hint: 'Columns are: {known}.',
  },
  DEFAULT_VALUE_TEXT: {
    kind: 'config',
    message: 'The value {value} is not {expected}.',
    hint: 'Write it as text of the type; in quotes when YAML would take it for something else.',
  },
});
