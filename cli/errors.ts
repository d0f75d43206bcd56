/** Errors of the command line itself. */
import { errorCatalogue } from '#spi/errors.ts';

export const cliErrors = errorCatalogue({
  PLUGIN_NOT_FOUND: {
    kind: 'config',
    message: "There is no plugin '{name}'.",
    hint: '`ropeway plugins` lists them all.',
  },
  LIMIT_INVALID: {
    kind: 'config',
    message: "The limit '{value}' is not a whole number from 1.",
    hint: 'For example --limit 100, or --all for everything.',
  },
  RETENTION_INVALID: {
    kind: 'config',
    message: "The retention '{value}' is not a whole number of days from 1 to 99999.",
    hint: 'For example --retention-days 30, or ROPEWAY_RETENTION_DAYS=30.',
  },
  DATABASE_UNNAMED: {
    kind: 'config',
    message: 'Which database is not said.',
    hint: 'Set DATABASE_URL=postgresql://…, or name the folder of an embedded one: --data FOLDER',
  },
  EXPORT_FILE: {
    kind: 'config',
    message: "The file '{file}' cannot be used: {reason}",
    hint: 'Check the path, the permissions and the space on the disk.',
  },
  PLUGIN_NAME: {
    kind: 'config',
    message: "'{name}' cannot be the name of a plugin.",
    hint: 'A name is made of small letters, digits and underscores, and begins with a letter: access_log.',
  },
  PLUGIN_NAME_USED: {
    kind: 'config',
    message: "The {kind} '{name}' is there already, from {from}.",
    hint: 'Choose another name: one that is there twice cannot be used.',
  },
  SCAFFOLD_EXISTS: {
    kind: 'config',
    message: "The folder '{folder}' is not empty.",
    hint: 'Name another one: --dir other-folder.',
  },
  SCAFFOLD_UNWRITABLE: {
    kind: 'config',
    message: "The folder '{folder}' cannot be written: {reason}.",
    hint: 'Check its permissions, or name another one with --dir.',
  },
  CHECK_CANCELLED: {
    kind: 'data',
    message: 'It was stopped before all rules were tried.',
    hint: 'Start it again when you are ready.',
  },
  CASES_UNDECLARED: {
    kind: 'config',
    message: '{file} has no list `cases`.',
    hint: 'Export `const cases: readonly ConformanceCase[]` of ropeway/spi/conformance.js.',
  },
  COMMAND_REMOVED: {
    kind: 'config',
    message: "The command '{command}' belongs to Embulk's Java and Ruby plugins and does not exist here.",
    hint: 'Ropeway has its plugins built in: see `ropeway plugins`. `ropeway new plugin` begins one of your own.',
  },
  EXAMPLE_EXISTS: {
    kind: 'config',
    message: "'{path}' exists already.",
    hint: 'Name another folder: `ropeway example other-folder`.',
  },
});
