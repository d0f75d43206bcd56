import { errorCatalogue } from '#spi/errors.ts';

/** What an SFTP server answers; `file` is a URL. */
export const sftpErrors = errorCatalogue({
  SFTP_UNAVAILABLE: {
    kind: 'connector',
    message: 'The SSH server {server} has no SFTP: {reason}.',
    hint: 'There the subsystem `sftp` must be switched on, and allowed for this user.',
  },
  SFTP_FILE_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no file {file}.',
    hint: 'If it was there when the run was planned, somebody has moved or deleted it.',
  },
  SFTP_DENIED: {
    kind: 'connector',
    message: 'The server does not allow {action} {file}: {reason}.',
    hint: 'Check the permissions of the file and of the folders above it for this user.',
  },
  SFTP_FAILED: {
    kind: 'connector',
    message: 'The server failed at {action} {file}: {reason}.',
    hint: 'SFTP tells little about reasons. Check free space and quota on the server, and whether a folder has this name.',
  },
  SFTP_OUTPUT_PATH: {
    kind: 'config',
    message: 'The output path {file} cannot be used: {reason}.',
    hint: 'Correct `path_prefix`, `sequence_format` or `file_ext`.',
  },
  SFTP_OUTPUT_REPLACED: {
    kind: 'data',
    message: 'The unfinished file {file} is not the one this run wrote.',
    hint: 'Another run writes to the same path: let one finish, or give them different `path_prefix`es.',
  },
});
