import { errorCatalogue } from '#spi/errors.ts';

export const typecastErrors = errorCatalogue({
  TYPECAST_COLUMN: {
    kind: 'config',
    message: "The column '{name}' cannot be converted: {reason}.",
    hint: 'Columns are: {known}.',
  },
  TYPECAST_VALUE: {
    kind: 'data',
    message: '{value} of type {from} cannot be converted to {to}.',
    hint: 'Clean the data, or choose another type; without `stop_on_invalid_record` such a cell becomes null.',
  },
});
