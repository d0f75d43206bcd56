/** What can be wrong with connections, definitions and what belongs to them. */
import { errorCatalogue } from '#spi/errors.ts';

export const definitionErrors = errorCatalogue({
  NAME_TAKEN: {
    kind: 'config',
    message: 'There is a {kind} named "{name}" already.',
    hint: 'Choose another name.',
  },
  RESOURCE_IN_USE: {
    kind: 'config',
    message: 'The {kind} "{name}" is in use.',
    hint: 'Change what "users" lists first, or wait for its end.',
  },
  DEFINITION_DISABLED: {
    kind: 'config',
    message: 'The transfer "{name}" is switched off: no runs of it are created.',
    hint: 'Switch it on, or preview it.',
  },
  RUN_NOT_ENDED: {
    kind: 'config',
    message: 'The run {id} has not ended: it is {state}.',
    hint: 'Wait for its end, or cancel it.',
  },
  CONNECTION_GONE: {
    kind: 'config',
    message: 'Connections of it are not there any more: {names}.',
    hint: 'Run the transfer as it is now.',
  },
  SEARCH_TOO_SLOW: {
    kind: 'config',
    message: 'The search took longer than {seconds} seconds.',
    hint: 'Look for a plain text, or filter by group, label or connection, too.',
  },
  MANAGED_REFRESH_OLD: {
    kind: 'config',
    message: 'The refresh {run} is not the latest one of "{name}", or has not succeeded.',
    hint: 'Look at what the latest refresh found, and apply that.',
  },
  MANAGED_MOST_REMOVED: {
    kind: 'config',
    message: '{count} of the {active} tables of "{name}" seem to be gone.',
    hint: 'Look whether the connection and the path are the right ones; then say the number as confirmRemoved.',
  },
  MANAGED_TOO_MANY: {
    kind: 'config',
    message: '"{name}" would have {count} tables; {limit} are the limit.',
    hint: 'Narrow its patterns, or make several of them.',
  },
  VARIABLE_MISSING: {
    kind: 'config',
    message: 'The configuration asks for values that were not given: {names}.',
    hint: 'Give the run a value for each.',
  },
  TEMPLATE_INVALID: {
    kind: 'config',
    message: 'A template in the configuration cannot be read: {reason}.',
    hint: 'Write variables as two braces, "vars." and the name: {example}.',
  },
});
