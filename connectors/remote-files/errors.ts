import { errorCatalogue } from '#spi/errors.ts';

/** Of files on servers; `file` and `place` are URLs without passwords. */
export const remoteFileErrors = errorCatalogue({
  REMOTE_FILE_PATTERN: {
    kind: 'config',
    message: "The regular expression '{pattern}' cannot be used: {reason}.",
    hint: "Possessive quantifiers, atomic groups and Java's character class operations (&&) have to be written otherwise.",
  },
  REMOTE_FILE_MODIFIED_TIME: {
    kind: 'config',
    message: "The time '{time}' is not one in UTC like 2026-01-02T03:04:05.000Z.",
    hint: 'Correct `last_modified_time`.',
  },
  REMOTE_FILE_TIMES_UNKNOWN: {
    kind: 'connector',
    message: 'The server does not say when the file {file} was changed.',
    hint: 'Load by path: `use_modified_time: false`',
  },
  REMOTE_FILE_LISTING_LIMIT: {
    kind: 'data',
    message: 'More than {limit} files match {place}.',
    hint: 'Make `path_prefix` longer, or move files that are loaded to another folder.',
  },
  REMOTE_FILE_NONE_FOUND: {
    kind: 'data',
    message: 'No file to read was found at {place}.',
    hint: 'Check `path_prefix` and `path_match_pattern`; `stop_when_file_not_found: false` takes it for nothing to do.',
  },
  REMOTE_FILE_FOLDER_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no folder {place}, or it is closed to this user.',
    hint: "Check `path_prefix`, and whether it counts from the user's directory or from the root of the server.",
  },
  REMOTE_FILE_BROWSE_NAME: {
    kind: 'config',
    message: 'The name {name} is not one of an entry of a folder.',
    hint: 'Go from folder to folder by the names that are shown.',
  },
  REMOTE_FILE_CHANGED: {
    kind: 'data',
    message: 'The file {file} changed after the run was planned: {change}.',
    hint: 'Run again when nobody writes to it; nothing has been committed.',
  },
});
