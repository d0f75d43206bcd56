/** What can go wrong with signing in. No message says whether an address is known, and none holds a secret. */
import { errorCatalogue } from '#spi/errors.ts';

export const signInErrors = errorCatalogue({
  SIGN_IN_WRONG: {
    kind: 'config',
    message: 'The e-mail address and the password do not belong together.',
    hint: 'Type them again. An administrator can make a link that sets a new password.',
  },
  SIGN_IN_WAIT: {
    kind: 'connector',
    transient: true,
    message: 'There were too many tries that failed.',
    hint: 'Come back after the seconds that Retry-After says.',
  },
  SIGN_IN_BUSY: {
    kind: 'connector',
    transient: true,
    message: 'Too many people sign in at the moment.',
    hint: 'Try again in a moment.',
  },
  SIGN_IN_INSECURE: {
    kind: 'config',
    message: 'Sessions are not possible over {origin}: whoever is on the way could read them.',
    hint: 'Reach the server by https, and start it with --public-url and that address.',
  },
  CROSS_SITE: {
    kind: 'config',
    message: 'The request comes from another site than {origin}.',
    hint: 'Use the pages of Ropeway itself, or a token instead of a session.',
  },
  SESSION_OVER: {
    kind: 'config',
    message: 'The session has ended.',
    hint: 'Sign in again.',
  },
  SESSION_NEEDED: {
    kind: 'config',
    message: 'This is possible in a session alone, not with a token.',
    hint: 'Sign in.',
  },
  CODE_WRONG: {
    kind: 'config',
    message: 'The code is not accepted: it is wrong, too old, or was used before.',
    hint: 'Wait for the next code of the app, and look whether the clock of the telephone is right.',
  },
  SECOND_FACTOR_NEEDED: {
    kind: 'config',
    message: 'A second factor is required here, and you have none yet.',
    hint: 'Set one up first.',
  },
  SECOND_FACTOR_ON: {
    kind: 'config',
    message: 'There is a second factor already.',
    hint: 'Switch it off first.',
  },
  SECOND_FACTOR_OFF: {
    kind: 'config',
    message: 'There is no second factor that could be confirmed or proven.',
    hint: 'Begin to set one up.',
  },
  PASSWORD_HASH_UNKNOWN: {
    kind: 'internal',
    message: 'The hash of a password in the database is of no kind that is known.',
    hint: 'Make a link that sets a new password; and please report this.',
  },
  LINK_INVALID: {
    kind: 'config',
    message: 'The link is not good: it is unknown, was used before, has expired or was revoked.',
    hint: 'Ask for a new one.',
  },
  LINK_OF_OTHER: {
    kind: 'config',
    message: 'The invitation is for somebody who has an account already.',
    hint: 'Sign in as that person, and open the link again.',
  },
  OWNER_EXISTS: {
    kind: 'config',
    message: 'The installation has been set up already.',
    hint: 'Ask its owner for an invitation.',
  },
  INVITATION_CLOSED: {
    kind: 'config',
    message: 'The invitation is not open any more: it was {state}.',
    hint: 'Make a new one.',
  },
  MEMBER_ALREADY: {
    kind: 'config',
    message: '{email} belongs to the workspace already.',
    hint: 'Change the role of the member instead.',
  },
  PROVIDER_UNREACHABLE: {
    kind: 'connector',
    transient: true,
    message: 'The provider {name} cannot be asked: {reason}.',
    hint: 'Try again; if it stays so, let an administrator look at its address.',
  },
  PROVIDER_REFUSED: {
    kind: 'config',
    message: 'Signing in with {name} did not work: {reason}.',
    hint: 'Begin again. If it stays so, let an administrator compare what is entered here and at the provider.',
  },
  PROVIDER_FLOW_UNKNOWN: {
    kind: 'config',
    message: 'Signing in was not begun in this browser, or too long ago.',
    hint: 'Begin again.',
  },
  PROVIDER_EMAIL: {
    kind: 'config',
    message: '{name} does not vouch for an e-mail address that is accepted here: {reason}.',
    hint: 'Use another account there, or ask an administrator for an invitation.',
  },
  PROVIDER_NOT_INVITED: {
    kind: 'config',
    message: 'There is no account for you here yet.',
    hint: 'Ask an administrator for an invitation to the address that you have at {name}.',
  },
});
