import { errorCatalogue } from '#spi/errors.ts';

export const stdoutErrors = errorCatalogue({
  STDOUT_CLOSED: {
    kind: 'data',
    message: 'The reader of standard output has gone.',
    hint: 'The command behind the pipe ended before all records were printed.',
  },
  STDOUT_UNWRITABLE: {
    kind: 'data',
    message: 'Standard output cannot be written: {reason}.',
    hint: 'Check where it leads to: a full disk, a closed terminal.',
  },
});
