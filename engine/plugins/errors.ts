/** Errors of plugins from outside: finding them, loading them, fitting them in. */
import { errorCatalogue } from '#spi/errors.ts';

export const pluginErrors = errorCatalogue({
  PLUGIN_FOLDER_UNREADABLE: {
    kind: 'config',
    message: "There are no plugins at '{place}': {reason}.",
    hint: 'Name a folder with the package.json of the plugins, or a package that is installed where the command runs.',
  },
  PLUGIN_FOLDER_UNDECLARED: {
    kind: 'config',
    message: '{file} does not say where the plugins are: {reason}.',
    hint: 'It takes "ropeway": {"spi": 1, "plugins": "./plugins.js"}; `ropeway new plugin` makes such a folder.',
  },
  PLUGIN_SPI_VERSION: {
    kind: 'config',
    message: '{module} is written for version {wanted} of the plugin interface; this Ropeway has version {version}.',
    hint: '{advice}',
  },
  PLUGIN_MODULE_FAILED: {
    kind: 'config',
    message: 'The plugins of {module} cannot be loaded: {reason}',
    hint: '{advice}',
  },
  PLUGIN_DECLARATION: {
    kind: 'config',
    message: 'A plugin of {module} is not declared as it should be: {reason}.',
    hint: 'Declare it with `plugin({…})` of ropeway/spi/plugin.js; `ropeway plugins check` tells all that is wrong.',
  },
  PLUGIN_NAME_TAKEN: {
    kind: 'config',
    message: "The {kind} '{name}' is there twice: from {first}, and from {second}.",
    hint: 'Give one of them another name, or load only one of the two.',
  },
});
