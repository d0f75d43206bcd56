/** Errors of the engine itself: running, resuming, previewing. */
import { errorCatalogue } from '#spi/errors.ts';

export const engineErrors = errorCatalogue({
  RUN_CANCELLED: {
    kind: 'data',
    message: 'The run was stopped before it was complete.',
    hint: 'Nothing was committed. Start it again when you are ready.',
  },
  RUN_CANCELLED_RESUMABLE: {
    kind: 'data',
    message: 'The run was stopped with {done} of {total} tasks done.',
    hint: 'Run the same command again to do the rest: the tasks that are done are kept in {state}.',
  },
  SKIPPED_RECORDS_LIMIT: {
    kind: 'data',
    message: 'More than {limit} records were skipped.',
    hint: 'See the warnings above for the reasons. `exec: {skipped_records_max: N}` sets the limit.',
  },
  RESUME_STATE_UNREADABLE: {
    kind: 'config',
    message: 'The resume state {file} cannot be read: {reason}',
    hint: 'If the run should start from the beginning, delete the file.',
  },
  RESUME_CONFIG_CHANGED: {
    kind: 'config',
    message: 'The config differs from the one that wrote the resume state {file}.',
    hint: 'Put the config back as it was to resume, or delete the file to start from the beginning.',
  },
  STATE_FILE_UNWRITABLE: {
    kind: 'config',
    message: 'The file {file} cannot be written: {reason}',
    hint: 'Check that its folder exists and that you may write there.',
  },
  NO_INPUT_FILES: {
    kind: 'data',
    message: 'There are no input files to read a sample from.',
    hint: 'Check the path: no file matches it. Settings such as `last_path` can leave files out, too.',
  },
  INPUT_FILES_EMPTY: {
    kind: 'data',
    message: 'All input files are empty.',
    hint: 'A sample needs at least one file with content.',
  },
  NO_PREVIEW_RECORDS: {
    kind: 'data',
    message: 'The input has no records to preview.',
    hint: 'Look at the warnings above if records were skipped; check `skip_header_lines` and the filters.',
  },
  GUESS_NEEDS_FILES: {
    kind: 'config',
    message: "The input '{name}' does not read files, so there is nothing to guess.",
    hint: 'Write its columns by hand.',
  },
  WORKER_DIED: {
    kind: 'internal',
    message: 'A worker thread ended unexpectedly: {reason}',
    hint: 'If it was out of memory, lower `exec: {max_threads: N}` or give the process more memory.',
  },
  PLUGIN_BROKEN: {
    kind: 'internal',
    message: 'Something went wrong inside {package}: {reason}',
    hint: 'This is a bug of that plugin. Tell those who make it, with the command, the config without secrets, and this.',
  },
  INTERNAL: {
    kind: 'internal',
    message: 'Something went wrong inside Ropeway: {reason}',
    hint: 'This is a bug. Please report it with the command, the config without secrets, and the lines above.',
  },
});
