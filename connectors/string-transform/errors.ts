import { errorCatalogue } from '#spi/errors.ts';

export const stringTransformErrors = errorCatalogue({
  STRING_TRANSFORM_COLUMN: {
    kind: 'config',
    message: "The texts of the column '{name}' cannot be changed: {reason}.",
    hint: 'Columns are: {known}. Convert other types with the filter typecast first.',
  },
});
