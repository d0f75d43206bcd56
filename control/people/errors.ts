/** What can be wrong with people, teams and their roles. */
import { errorCatalogue } from '#spi/errors.ts';

export const peopleErrors = errorCatalogue({
  LAST_ADMINISTRATOR: {
    kind: 'config',
    message: 'This would leave {place} without an administrator.',
    hint: 'Make somebody else an administrator first.',
  },
});
