import { errorCatalogue } from '#spi/errors.ts';

export const columnErrors = errorCatalogue({
  COLUMN_OPTIONS: {
    kind: 'config',
    message: 'The options of the column filter do not go together: {reason}.',
    hint: '`columns` says what the output has; `add_columns` and `drop_columns` what is to change.',
  },
  COLUMN_SOURCE: {
    kind: 'config',
    message: "The column '{name}' cannot be made: {reason}.",
    hint: 'Columns are: {known}. A column that is not among them needs `type` and `default`.',
  },
  COLUMN_DEFAULT: {
    kind: 'config',
    message: "The default {value} of the column '{name}' is not acceptable: it is not {expected}.",
    hint: 'Write it as text of the type; in quotes when YAML would take it for something else.',
  },
  COLUMN_PATH: {
    kind: 'config',
    message: "The JSON path '{path}' cannot be used: {reason}.",
    hint: 'A path is $.column.name or $.column[0].name; the column itself must be one of the output, so list it as well.',
  },
});
