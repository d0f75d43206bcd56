/** Errors of testing connections and of browsing them. */
import { errorCatalogue } from '#spi/errors.ts';

export const connectionErrors = errorCatalogue({
  CONNECTION_NONE: {
    kind: 'config',
    message: "The {side} '{type}' has no connection that could be tested or browsed.",
    hint: 'Types that have one: {known}.',
  },
  CONNECTION_TIMEOUT: {
    kind: 'connector',
    transient: true,
    message: "The {side} '{type}' gave no answer within {seconds} seconds.",
    hint: 'Check that the server is up and that no firewall swallows what is sent to it; then try again.',
  },
  CONNECTION_CANCELLED: {
    kind: 'data',
    message: 'It was stopped before it was complete.',
    hint: 'Nothing has been changed. Start it again when you are ready.',
  },
  CONNECTION_PAGES: {
    kind: 'internal',
    message: "The connection '{type}' gives pages that do not come to an end: {reason}.",
    hint: 'This is a bug of the plugin. Please report it with the type of the connection and the path.',
  },
  CONNECTION_CHECKS: {
    kind: 'internal',
    message: "The connection '{type}' cannot be tested: {reason}.",
    hint: 'This is a bug of the plugin. Please report it with the type of the connection.',
  },
});
