/** Errors of config files: reading them, and what they say. */
import { errorCatalogue } from '#spi/errors.ts';

export const configErrors = errorCatalogue({
  CONFIG_FILE_UNREADABLE: {
    kind: 'config',
    message: 'The config file {file} cannot be read: {reason}.',
    hint: 'Check the path and the permissions.',
  },
  CONFIG_FILE_EXTENSION: {
    kind: 'config',
    message: 'The file {file} does not have the name of a config.',
    hint: 'Name it *.yml or *.yaml, or *.yml.liquid for a template.',
  },
  CONFIG_FILE_TOO_LARGE: {
    kind: 'config',
    message: 'The config file {file} has {size} bytes; {limit} are the limit.',
    hint: 'Is it a data file? A config says how to load data.',
  },
  CONFIG_NOT_UTF8: {
    kind: 'config',
    message: 'The config file {file} is not UTF-8 text.',
    hint: 'Save it as UTF-8.',
  },
  LIQUID_TEMPLATE: {
    kind: 'config',
    message: 'The Liquid template cannot be rendered: {reason}',
    hint: 'The only variable is `env`, as in `{{ env.HOME }}`; includes are files `_name.yml.liquid` beside the config.',
  },
  LIQUID_INCLUDE: {
    kind: 'config',
    message: "The included template '{name}' cannot be used: {reason}.",
    hint: "`{% include 'dir/name' %}` reads `dir/_name.yml.liquid` below the folder of the config.",
  },
  SECTION_MISSING: {
    kind: 'config',
    message: "The section '{section}' is missing.",
    hint: '{advice}',
  },
  SECTION_NOT_A_MAPPING: {
    kind: 'config',
    message: "The section '{section}' must be a mapping with a `type:`, not {found}.",
    hint: 'Write its options below it, indented.',
  },
  SECTION_NOT_A_LIST: {
    kind: 'config',
    message: "The section '{section}' must be a list, not {found}.",
    hint: 'Write each entry on a line that starts with `- `.',
  },
  PLUGIN_TYPE_MISSING: {
    kind: 'config',
    message: "The section '{section}' does not say its `type:`.",
    hint: 'Possible types: {known}.{advice}',
  },
  PLUGIN_UNKNOWN: {
    kind: 'config',
    message: "There is no {kind} '{name}'.",
    hint: '{advice}',
  },
  OPTION_UNKNOWN: {
    kind: 'config',
    message: "The option '{option}' is unknown to {plugin} and has no effect.",
    hint: '{advice}',
  },
  OPTION_REQUIRED: {
    kind: 'config',
    message: "The option '{option}' is required but not set.",
    hint: '{advice}',
  },
  OPTION_NULL: {
    kind: 'config',
    message: "The option '{option}' may not be null.",
    hint: 'Remove it to get the default, or quote it ("null") if you mean the text.',
  },
  OPTION_TYPE: {
    kind: 'config',
    message: "The option '{option}' must be {expected}, but it is {found}.",
    hint: '{advice}',
  },
  OPTION_VALUE: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
  PROPERTY_UNKNOWN: {
    kind: 'config',
    message: "The property '{name}' (-X) is unknown and has no effect.",
    hint: 'Known are: {known}.',
  },
  PROPERTY_VALUE: {
    kind: 'config',
    message: "The property '{name}' (-X) must be {expected}, but it is '{value}'.",
    hint: 'For example: -X {name}={example}.',
  },
  CONFIG_FILE_UNWRITABLE: {
    kind: 'config',
    message: 'The file {file} cannot be written: {reason}.',
    hint: 'Check that its folder exists and that you may write there.',
  },
});
