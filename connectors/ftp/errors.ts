import { errorCatalogue } from '#spi/errors.ts';

/** Parameters: `server` (host and port), what was being done (`action`), and the reason in words. */
export const ftpErrors = errorCatalogue({
  FTP_PASSIVE_ONLY: {
    kind: 'config',
    message: '`passive_mode: false` is not there.',
    hint: 'Take it out: connections for files are made from here, which firewalls allow.',
  },
  FTP_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of the FTP server {server} is not known: {reason}.',
    hint: 'Check `host`, and the name service of this machine.',
    transient: true,
  },
  FTP_UNREACHABLE: {
    kind: 'connector',
    message: 'The connection to the FTP server {server} failed while {action}: {reason}.',
    hint: 'Check `host` and `port`, and that firewalls let connections for files pass; if it usually works, run again.',
    transient: true,
  },
  FTP_TLS: {
    kind: 'connector',
    message: 'No encrypted connection to the FTP server {server} can be made: {reason}.',
    hint: 'Check `ssl_explicit`, `ssl_verify`, `ssl_verify_hostname` and the CA certificates against what the server has.',
  },
  FTP_LOGIN_REFUSED: {
    kind: 'connector',
    message: 'The FTP server {server} does not let us in: {reason}.',
    hint: 'Check `user` and `password`, and whether the server asks for TLS (`ssl: true`).',
  },
  FTP_BUSY: {
    kind: 'connector',
    message: 'The FTP server {server} cannot do it now, {action}: {reason}.',
    hint: 'Run again later, or with fewer threads (`max_threads`): servers limit the connections of a user.',
    transient: true,
  },
  FTP_REFUSED: {
    kind: 'connector',
    message: 'The FTP server {server} refuses {action}: {reason}.',
    hint: 'The reason is the answer of the server: check paths, and the permissions of the user.',
  },
  FTP_STOPPED: {
    kind: 'data',
    message: 'The run was stopped while {action}.',
    hint: 'Nothing was committed. Start it again when you are ready.',
  },
});
