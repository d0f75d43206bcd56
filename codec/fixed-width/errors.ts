import { errorCatalogue } from '#spi/errors.ts';

export const fixedWidthErrors = errorCatalogue({
  FIXED_WIDTH_SHORT: {
    kind: 'data',
    message: "The record ends after {length} {unit}, before the end of the column '{column}' at {end}.",
    hint: '`allow_optional_columns: true` takes what is missing at the end for blanks. Is `unit` right?',
  },
  FIXED_WIDTH_LONG: {
    kind: 'data',
    message: 'The record has {length} {unit}; the columns end at {end}.',
    hint: '`allow_extra_columns: true` ignores what follows the last column. Is `unit` right?',
  },
  FIXED_WIDTH_SPLIT: {
    kind: 'data',
    message: "The column '{column}' begins or ends in the middle of a character, or holds bytes that are none.",
    hint: 'Check `charset`, `width` and `start`, and whether `unit` should be `characters`.',
  },
  FIXED_WIDTH_CUT: {
    kind: 'data',
    message: 'The file ends in the middle of a record, after {length} of its {record} {unit}.',
    hint: 'The file was probably cut off, or `record_length` is wrong.',
  },
  FIXED_WIDTH_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
