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
  DECLARATIONS_INVALID: {
    kind: 'config',
    message: "The variables in '{file}' cannot be used: {place}: {reason}.",
    hint: 'The file says `variables:` and lists them, for example: { kind: time_at_queue, name: date, unit: day, quantity: 1, format: "%Y%m%d" }.',
  },
  SERVER_ADDRESS: {
    kind: 'config',
    message: "'{value}' is not the address of a server.",
    hint: 'For example --url https://ropeway.example.com, or ROPEWAY_URL; the token goes elsewhere.',
  },
  TOKEN_UNNAMED: {
    kind: 'config',
    message: 'No token for {host} was given.',
    hint: 'Set ROPEWAY_TOKEN, or name the file that holds it: --token-file FILE',
  },
  TOKEN_FILE: {
    kind: 'config',
    message: "The token cannot be read from '{file}': {reason}.",
    hint: 'Set ROPEWAY_TOKEN, name a file with --token-file, or the data folder of the server with --data.',
  },
  NAME_UNKNOWN: {
    kind: 'config',
    message: "There is no {kind} named '{name}'.",
    hint: '`{command}` shows those that there are.',
  },
  NAME_AMBIGUOUS: {
    kind: 'config',
    message: "There is more than one {kind} named '{name}'.",
    hint: 'Name it by its id: {ids}.',
  },
  TIME_INVALID: {
    kind: 'config',
    message: "'{value}' is not a time.",
    hint: 'For example 2026-01-31, "2026-01-31 08:00", or 2h for two hours from now.',
  },
  PAIR_INVALID: {
    kind: 'config',
    message: "'{value}' is not of the form {form}.",
    hint: 'Write {option} {form}.',
  },
  NUMBER_INVALID: {
    kind: 'config',
    message: "The value '{value}' of {option} is not a whole number.",
    hint: 'For example {option} 10.',
  },
  SECRET_IN_ARGUMENT: {
    kind: 'config',
    message: "The option '{name}' is secret, and other users of this machine see arguments.",
    hint: 'Give it on the standard input (--secret {name}), or in a file (--secret-file {name}=FILE).',
  },
  SECRET_UNREADABLE: {
    kind: 'config',
    message: "No value for the secret '{name}' can be read: {reason}.",
    hint: 'With one --secret the whole input is its value; with several, a line for each in their order.',
  },
  RUN_WITHOUT_RESULT: {
    kind: 'data',
    message: 'The run {id} has ended without a result: it is {state}.',
    hint: '`ropeway runs show {id}` says more.',
  },
  USER_UNKNOWN: {
    kind: 'config',
    message: 'Nobody has the e-mail address {user}.',
    hint: 'Look at the people of the installation for how it is written.',
  },
  PUBLIC_URL_INVALID: {
    kind: 'config',
    message: "'{value}' is no address that people reach a server by.",
    hint: 'Give scheme and host, and a port where it is another, without a path: https://ropeway.example',
  },
  SCOPE_UNNAMED: {
    kind: 'config',
    message: 'Which {kind} is limited is not said.',
    hint: 'Name it behind the kind; an account is named by one of its connections.',
  },
  NOTHING_TO_CHANGE: {
    kind: 'config',
    message: 'What is to be changed is not said.',
    hint: '--help lists what can be.',
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
  PORT_INVALID: {
    kind: 'config',
    message: "--port takes a number from 0 to 65535, not '{value}'.",
    hint: 'Port 0 takes a free one.',
  },
  PATTERN_INVALID: {
    kind: 'config',
    message: 'It is not clear when the schedule is to come: {reason}.',
    hint: 'Give one of --hourly, --daily, --weekly and --monthly with --at, --every, --cron.',
  },
  SCHEDULE_UNNAMED: {
    kind: 'config',
    message: 'It is not said which schedules are meant.',
    hint: 'Give their ids, as `ropeway schedules list` shows them, or --transfer.',
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
