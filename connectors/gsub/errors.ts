import { errorCatalogue } from '#spi/errors.ts';

export const gsubErrors = errorCatalogue({
  GSUB_COLUMN: {
    kind: 'config',
    message: "The texts of the column '{name}' cannot be replaced: {reason}.",
    hint: 'Columns are: {known}. Convert other types with the filter typecast first.',
  },
  GSUB_RULE: {
    kind: 'config',
    message: 'The rule cannot be used: {reason}.',
    hint: "Write {pattern: '[0-9]+', to: '#'}. Possessive quantifiers, atomic groups and Java's character class operations (&&) have to be written otherwise.",
  },
});
