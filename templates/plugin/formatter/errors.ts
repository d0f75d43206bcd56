import { errorCatalogue } from 'ropeway/spi/errors.js';

export const myPluginErrors = errorCatalogue({
  MY_PLUGIN_COLUMNS: {
    kind: 'config',
    message: 'There are no columns to write.',
    hint: 'Check the filters: they leave nothing.',
  },
});
