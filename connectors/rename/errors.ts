import { errorCatalogue } from '#spi/errors.ts';

export const renameErrors = errorCatalogue({
  RENAME_COLUMN_NOT_FOUND: {
    kind: 'config',
    message: "There is no column '{name}' to rename.",
    hint: 'Columns are: {known}.',
  },
  RENAME_OPTION: {
    kind: 'config',
    message: "The option '{option}' of the rule '{rule}' is not acceptable: {reason}.",
    hint: '`ropeway plugins describe rename` explains the rules.',
  },
  RENAME_REGEX: {
    kind: 'config',
    message: "The regular expression '{regex}' cannot be used: {reason}.",
    hint: "Possessive quantifiers, atomic groups and Java's character class operations (&&) have to be written otherwise.",
  },
});
