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
  COMMAND_REMOVED: {
    kind: 'config',
    message: "The command '{command}' belongs to Embulk's Java and Ruby plugins and does not exist here.",
    hint: 'Ropeway has its plugins built in: see `ropeway plugins`.',
  },
  EXAMPLE_EXISTS: {
    kind: 'config',
    message: "'{path}' exists already.",
    hint: 'Name another folder: `ropeway example other-folder`.',
  },
});
