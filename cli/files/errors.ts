/** What can be wrong with definitions that are kept as files, and with applying them. */
import { errorCatalogue } from '#spi/errors.ts';

export const fileErrors = errorCatalogue({
  DEFINITIONS_FOLDER: {
    kind: 'config',
    message: "The folder '{folder}' cannot be used: {reason}.",
    hint: 'Name a folder that is there; `ropeway export FOLDER` makes one.',
  },
  DEFINITION_NOT_A_FILE: {
    kind: 'config',
    message: "'{file}' is {what}.",
    hint: 'Put a file of its own there, with a name that ends in .yml.',
  },
  DEFINITION_TOO_LARGE: {
    kind: 'config',
    message: "'{file}' has {size} bytes; {limit} are the limit.",
    hint: 'Is it a data file? A definition says how to load data.',
  },
  DEFINITIONS_TOO_MANY: {
    kind: 'config',
    message: "There are more than {limit} files in '{folder}'.",
    hint: 'Spread them over several workspaces, with a folder each.',
  },
  DEFINITION_FIELD: {
    kind: 'config',
    message: '{reason}',
    hint: 'Correct it in the file; docs/definitions-as-files.md shows each kind.',
  },
  DEFINITION_NAME_TWICE: {
    kind: 'config',
    message: "There are two files of the {kind} '{name}': the other one is {other}.",
    hint: 'Remove one of them, or give it another name.',
  },
  DEFINITION_REFERENCE: {
    kind: 'config',
    message: "There is no {kind} named '{name}', neither in the files nor in the service.",
    hint: 'Correct the name, or add a file for it.',
  },
  DEFINITION_SECRET: {
    kind: 'config',
    message: "The option '{option}' is secret: its value does not belong into a file.",
    hint: 'Write where it is looked up: `{ env: NAME }` or `{ file: PATH }`. Without it the value in the service stays.',
  },
  DEFINITION_SECRET_INLINE: {
    kind: 'config',
    message: "The option '{option}' of the configuration is secret: its value does not belong into a file.",
    hint: 'Save it in a connection, and name the connection in the section.',
  },
  DEFINITION_FIXED: {
    kind: 'config',
    message: "The {field} of the {kind} '{name}' cannot be changed: it is {value} in the service.",
    hint: 'Give the new one another name, and delete the old one with --prune.',
  },
  SECRET_UNRESOLVED: {
    kind: 'config',
    message: "The value of the secret option '{option}' cannot be had from {place}: {reason}.",
    hint: 'Set it where `ropeway apply` runs; nothing was changed.',
  },
  DEFINITION_PLUGIN: {
    kind: 'config',
    message: "There is no connection plugin '{name}' here.",
    hint: 'There are: {names}. Those of your own are named with --plugins.',
  },
  DEFINITION_HIDDEN: {
    kind: 'config',
    message: "The {kind} '{name}' cannot be held against its file: {reason}.",
    hint: 'Use a token that may see all of it, or correct it in the service first.',
  },
  ENVIRONMENT_UNKNOWN: {
    kind: 'config',
    message: "There is no environment '{name}' in the folder.",
    hint: 'There are: {names}. An environment is a file in environments/.',
  },
  ENVIRONMENT_NAME: {
    kind: 'config',
    message: "The environment names the {kind} '{name}', which is not there.",
    hint: 'Correct the name: it is matched exactly.',
  },
  DRIFT_REFUSED: {
    kind: 'config',
    message: '{count} resources are not as the last apply left them: {names}.',
    hint: 'Look at `ropeway diff`; take the changes over with `ropeway export`, or write over them with --overwrite.',
  },
  CONFIRMATION_NEEDED: {
    kind: 'config',
    message: 'Nobody is there to confirm the plan.',
    hint: 'Say --yes when it is to be done without a question.',
  },
  APPLY_STOPPED: {
    kind: 'data',
    message: "Applying stopped at the {kind} '{name}'. Done: {done}. Not done: {left}.",
    hint: 'Correct what is wrong, and apply again: what is done stays, the rest is done then.',
  },
});
