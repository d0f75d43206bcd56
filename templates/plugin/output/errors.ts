import { errorCatalogue } from 'ropeway/spi/errors.js';

export const myPluginErrors = errorCatalogue({
  MY_PLUGIN_FOLDER: {
    kind: 'config',
    message: 'The folder {folder} does not exist.',
    hint: 'Make it first: mkdir -p {folder}',
  },
});
