import { errorCatalogue } from 'ropeway/spi/errors.js';

export const accessLogErrors = errorCatalogue({
  ACCESS_LOG_LINE: {
    kind: 'data',
    message: 'The line is not one of the {format} log format.',
    hint: 'Check `format`; the place in the file is given above.',
  },
  ACCESS_LOG_TIME: {
    kind: 'data',
    message: "'{text}' is not a time of an access log.",
    hint: 'Times are written like 10/Oct/2000:13:55:36 -0700.',
  },
  ACCESS_LOG_LINE_TOO_LONG: {
    kind: 'data',
    message: 'A line is longer than {limit} bytes.',
    hint: 'Is this an access log? Servers cut requests much earlier.',
  },
});
