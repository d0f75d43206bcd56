import { errorCatalogue } from '#spi/errors.ts';

export const hashErrors = errorCatalogue({
  HASH_COLUMN: {
    kind: 'config',
    message: "There is no column '{name}' to hash.",
    hint: 'Columns are: {known}.',
  },
  HASH_ALGORITHM: {
    kind: 'config',
    message: 'No such algorithm: {algorithm}',
    hint: 'Algorithms are: {known}.',
  },
  HASH_SECRET_KEY: {
    kind: 'config',
    message: 'Secret key must not be null.',
    hint: '{algorithm} is a keyed digest: give `secret_key`.',
  },
});
