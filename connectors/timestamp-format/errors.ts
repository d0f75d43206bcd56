import { errorCatalogue } from '#spi/errors.ts';

export const timestampFormatErrors = errorCatalogue({
  TIMESTAMP_FORMAT_COLUMN: {
    kind: 'config',
    message: "The column '{name}' cannot be converted: {reason}.",
    hint: 'Columns are: {known}.',
  },
  TIMESTAMP_FORMAT_UNIT: {
    kind: 'config',
    message: "'{unit}' is not a unit of time.",
    hint: 'Units are second, millisecond, microsecond, nanosecond, and their short forms: sec, ms, us, ns.',
  },
  TIMESTAMP_FORMAT_VALUE: {
    kind: 'data',
    message: '{value} is not a time {expected}.',
    hint: 'Check `from_format` or `from_unit`; without `stop_on_invalid_record` such a cell becomes null.',
  },
});
