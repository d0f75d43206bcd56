import { errorCatalogue } from '#spi/errors.ts';

export const removeColumnsErrors = errorCatalogue({
  REMOVE_COLUMNS_MODE: {
    kind: 'config',
    message: 'Exactly one of `remove` and `keep` must be given, not {found}.',
    hint: '`remove` drops the columns it names, `keep` drops all others.',
  },
  REMOVE_COLUMNS_UNMATCHED: {
    kind: 'config',
    message: "There is no column '{name}'.",
    hint: 'Columns are: {known}. `accept_unmatched_columns: true` ignores names without a column.',
  },
});
