import { errorCatalogue } from 'ropeway/spi/errors.js';

export const myPluginErrors = errorCatalogue({
  MY_PLUGIN_TOO_MANY: {
    kind: 'config',
    message: 'The ids would go up to {last}, which is more than {limit}.',
    hint: 'Lower `records` or `tasks`, or begin again without `last_id`.',
  },
});
