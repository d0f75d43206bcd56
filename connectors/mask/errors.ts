import { errorCatalogue } from '#spi/errors.ts';

export const maskErrors = errorCatalogue({
  MASK_COLUMN: {
    kind: 'config',
    message: "The column '{name}' cannot be masked: {reason}.",
    hint: 'A json column has `paths: [{key: $.user.email, type: email}]`; other columns have none.',
  },
  MASK_REGEX: {
    kind: 'config',
    message: "The regular expression '{regex}' cannot be used: {reason}.",
    hint: "Possessive quantifiers, atomic groups and Java's character class operations (&&) have to be written otherwise.",
  },
});
