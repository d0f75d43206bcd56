/** What can be wrong with the YAML of a config. */
import { errorCatalogue } from '#spi/errors.ts';

export const yamlErrors = errorCatalogue({
  YAML_SYNTAX: {
    kind: 'config',
    message: 'The config is not valid YAML: {reason}',
    hint: 'Check indentation, quotes and brackets at this place.',
  },
  YAML_DOCUMENTS: {
    kind: 'config',
    message: 'The config file holds more than one YAML document.',
    hint: 'Keep one document per file; remove the `---` lines.',
  },
  YAML_NOT_A_MAPPING: {
    kind: 'config',
    message: 'A config must be a mapping with `in:` and `out:`, not {found}.',
    hint: 'Start with `in:`; `ropeway example` makes a config to look at.',
  },
  YAML_KEY_REPEATED: {
    kind: 'config',
    message: "The key '{key}' is given twice; the last one counts.",
    hint: 'Remove one of them.',
  },
  YAML_TOO_MANY_NODES: {
    kind: 'config',
    message: 'The config grows beyond {limit} values.',
    hint: 'Aliases (`*name`) that contain each other multiply quickly; write the values out.',
  },
  YAML_TOO_DEEP: {
    kind: 'config',
    message: 'The config nests deeper than {limit} levels.',
    hint: 'Are there brackets too many, or aliases (`*name`) that contain themselves? Write it flatter.',
  },
  YAML_KEY_NOT_TEXT: {
    kind: 'config',
    message: 'A key of the config is a list or a mapping.',
    hint: 'Texts that begin with a brace are quoted: {example}.',
  },
  YAML_TOO_LONG: {
    kind: 'config',
    message: 'The text has {length} characters; {limit} are the limit.',
    hint: 'Is it a data file? A config says how to load data.',
  },
  LIQUID_CONTROL_FLOW: {
    kind: 'config',
    message: 'The Liquid tag {tag} is not supported in a saved transfer.',
    hint: 'Only values are filled in, as {example}. Render the template first: `ropeway transfers create` does with *.yml.liquid.',
  },
  YAML_MERGE_KEY: {
    kind: 'config',
    message: 'The merge key `<<` takes a mapping or a list of mappings.',
    hint: 'Write `<<: *name` where `&name` marks a mapping; quote it ("<<") if you mean the text.',
  },
  YAML_TAG_UNKNOWN: {
    kind: 'config',
    message: "The YAML tag '{tag}' is not supported.",
    hint: 'Leave the tag out.',
  },
});
