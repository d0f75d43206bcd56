import { errorCatalogue } from '#spi/errors.ts';

export const apiErrors = errorCatalogue({
  API_UNREACHABLE: {
    kind: 'connector',
    message: 'The server at {url} cannot be reached: {reason}.',
    hint: 'Look whether it runs (`ropeway server`), and whether the address is right.',
    transient: true,
  },
  API_ANSWER_UNREADABLE: {
    kind: 'connector',
    message: 'The server at {url} answered {status} with something that is no answer of this API: {reason}.',
    hint: 'Look whether the address is that of Ropeway, and whether something stands between.',
  },
});
