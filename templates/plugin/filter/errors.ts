import { errorCatalogue } from 'ropeway/spi/errors.js';

export const myPluginErrors = errorCatalogue({
  MY_PLUGIN_COLUMN: {
    kind: 'config',
    message: "There is no column '{name}' of texts.",
    hint: 'Columns of texts are: {known}.',
  },
});
