import { errorCatalogue } from 'ropeway/spi/errors.js';

export const myPluginErrors = errorCatalogue({
  MY_PLUGIN_DIGIT: {
    kind: 'data',
    message: "'{found}' is not a hexadecimal digit.",
    hint: 'Is the file encoded with another method, or not at all?',
  },
  MY_PLUGIN_TRUNCATED: {
    kind: 'data',
    message: 'The file ends in the middle of a byte.',
    hint: 'Copy the file again.',
  },
});
