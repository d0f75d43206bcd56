import { errorCatalogue } from '#spi/errors.ts';

export const fileErrors = errorCatalogue({
  FILE_FOLDER_NOT_FOUND: {
    kind: 'data',
    message: 'The folder {folder} does not exist: {missing} is missing.',
    hint: 'Check `path_prefix`; a relative path counts from the folder in which the command runs.',
  },
  FILE_UNREADABLE: {
    kind: 'data',
    message: 'The file {file} cannot be read: {reason}.',
    hint: 'Check its permissions, and that it is still there.',
  },
  FILE_FOLDER_UNREADABLE: {
    kind: 'data',
    message: 'The folder {file} cannot be listed: {reason}.',
    hint: 'Check its permissions.',
  },
  FILE_BROWSE_NAME: {
    kind: 'config',
    message: 'The name {name} is not one of a folder in a folder.',
    hint: 'Give the names of the folders one by one, without slashes: `ropeway discover config.yml 2026 january`.',
  },
  FILE_CHANGED: {
    kind: 'data',
    message: 'The file {file} changed while it was being read: {change}.',
    hint: 'Run again when nobody writes to it; nothing has been committed.',
  },
  FILE_WALK_LIMIT: {
    kind: 'data',
    message: 'More than {limit} files and folders begin with {prefix}.',
    hint: 'Make `path_prefix` longer, or look for symbolic links that lead in a circle.',
  },
  FILE_SEQUENCE_FORMAT: {
    kind: 'config',
    message: "The sequence format '{format}' is not valid: {reason}.",
    hint: 'It takes the task number and the file number, for example %03d.%02d. (with the dot before the extension).',
  },
  FILE_OUTPUT_FOLDER: {
    kind: 'config',
    message: 'The folder {folder} of the output does not exist.',
    hint: 'Make it first: mkdir -p {folder}',
  },
  FILE_OUTPUT_UNWRITABLE: {
    kind: 'data',
    message: 'The file {file} cannot be written: {reason}.',
    hint: 'Make room or check permissions, and run again; files that were there are as they were.',
  },
  FILE_OUTPUT_PATH: {
    kind: 'config',
    message: 'The output path {file} cannot be used: {reason}.',
    hint: 'Correct `path_prefix`, `sequence_format` or `file_ext`.',
  },
  FILE_OUTPUT_REPLACED: {
    kind: 'data',
    message: 'The unfinished file {file} is not the one this run wrote.',
    hint: 'Somebody has moved or removed it: run again, and leave the hidden .part files of a run alone.',
  },
});
