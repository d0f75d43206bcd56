import { errorCatalogue } from '#spi/errors.ts';

/** On the way to another system, before its own protocol begins; `target` is host and port, or a socket's path. */
export const networkErrors = errorCatalogue({
  NETWORK_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host {host} is not known: {reason}.',
    hint: 'Check how it is written, and the name service of this machine.',
    transient: true,
  },
  NETWORK_REFUSED: {
    kind: 'connector',
    message: 'Nobody listens at {target}: {reason}.',
    hint: 'Check the port, that the server runs, and that it listens on this address.',
    transient: true,
  },
  NETWORK_TIMEOUT: {
    kind: 'connector',
    message: '{target} did not answer within {seconds} seconds.',
    hint: 'Check the address, and the firewalls between here and there.',
    transient: true,
  },
  NETWORK_UNREACHABLE: {
    kind: 'connector',
    message: 'There is no way to {target}: {reason}.',
    hint: 'Check the address, and the routes and the VPN of this machine.',
    transient: true,
  },
  NETWORK_LOST: {
    kind: 'connector',
    message: 'The connection to {target} broke: {reason}.',
    hint: 'Look into the log of the server, and at proxies and firewalls on the way; then try again.',
    transient: true,
  },
  NETWORK_STOPPED: {
    kind: 'connector',
    message: 'Connecting to {target} was stopped.',
    hint: 'Try again.',
  },
  NETWORK_TLS_UNTRUSTED: {
    kind: 'connector',
    message: 'The certificate of {target} cannot be trusted: {reason}. It is of {server}.',
    hint: 'Name the file of the authority that issued it, or have the server get a certificate of a known one.',
  },
  NETWORK_TLS_NAME: {
    kind: 'connector',
    message: 'The certificate of {target} is for another name: it is of {server}.',
    hint: 'Connect by a name that is in the certificate, or check only who issued it.',
  },
  NETWORK_TLS_FAILED: {
    kind: 'connector',
    message: 'No encrypted connection to {target} can be made: {reason}.',
    hint: 'Check that the server speaks TLS on this port, the versions that both allow, and the client certificate.',
  },
  NETWORK_TLS_FILE: {
    kind: 'config',
    message: 'The file {file} of `{option}` cannot be read: {reason}.',
    hint: 'Check the path and its permissions.',
  },
  NETWORK_TLS_PEM: {
    kind: 'config',
    message: '`{option}` does not hold {what}: {reason}.',
    hint: 'Give it in PEM, the form that begins with `-----BEGIN`.',
  },
  NETWORK_TLS_CLIENT: {
    kind: 'config',
    message: 'The client certificate of `{option}` cannot be used: {reason}.',
    hint: 'A certificate and its own key belong together; an encrypted key needs its passphrase.',
  },
});
