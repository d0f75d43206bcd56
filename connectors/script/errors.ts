import { errorCatalogue } from '#spi/errors.ts';

export const scriptErrors = errorCatalogue({
  SCRIPT_OPTIONS: {
    kind: 'config',
    message: 'Exactly one of `code` and `file` must be given, not {found}.',
    hint: 'Write `code: |` and the function below it.',
  },
  SCRIPT_FILE: {
    kind: 'config',
    message: "The script '{file}' cannot be read: {reason}.",
    hint: 'A relative path begins in the folder where ropeway is started.',
  },
  SCRIPT_SYNTAX: {
    kind: 'config',
    message: 'The script cannot be read at {place}: {reason}.',
    hint: 'It is JavaScript, or TypeScript whose types can be left out: no enum, namespace or parameter property.',
  },
  SCRIPT_FUNCTION: {
    kind: 'config',
    message: 'The script declares {found}.',
    hint: 'It has to declare one of `function transformRow(row) { … }` and `function transformRows(rows) { … }`, without `export`.',
  },
  SCRIPT_IMPORT: {
    kind: 'config',
    message: 'The script has an import at {place}.',
    hint: 'There are no modules in a script: put what it needs into the code.',
  },
  SCRIPT_COLUMN: {
    kind: 'config',
    message: "The column '{name}' cannot be had: {reason}.",
    hint: 'Columns are: {known}.',
  },
  SCRIPT_BEGIN: {
    kind: 'data',
    message: 'The script threw before the first record{place}: {reason}.',
    hint: 'What stands outside of the function runs once, when the script begins.',
  },
  SCRIPT_THREW: {
    kind: 'data',
    message: 'The script threw{place}: {reason}. The record was {record}.',
    hint: 'Mend the script; with `stop_on_invalid_record: false` such a record is left out.',
  },
  SCRIPT_RESULT: {
    kind: 'data',
    message: 'The script gave what cannot be used: {reason}. The record was {record}.',
    hint: 'A record is an object with the columns as keys; list columns that are added, or have another type, in `columns`.',
  },
  SCRIPT_PENDING: {
    kind: 'data',
    message: 'A promise of the script is never settled. The record was {record}.',
    hint: 'There is nothing to wait for in a script: no timers, no network, no files.',
  },
  SCRIPT_TIMEOUT: {
    kind: 'data',
    message: 'The script did not come to an end within {seconds} s {what}.',
    hint: 'Look for a loop or a regular expression that does not end, or raise `timeout_ms`.',
  },
  SCRIPT_MEMORY: {
    kind: 'data',
    message: 'The script took more than {megabytes} MB of memory.',
    hint: 'Look for a list that grows without end, or raise `memory_mb_max`.',
  },
  SCRIPT_OUTPUT: {
    kind: 'data',
    message: 'The script gave more than {limit} for {count} records.',
    hint: 'Return less per record.',
  },
  SCRIPT_DIED: {
    kind: 'data',
    message: 'The process of the script came to an end: {reason}.',
    hint: 'Look at what the script does; if it is innocent, report this.',
  },
});
