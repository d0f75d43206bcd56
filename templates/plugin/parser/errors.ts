import { errorCatalogue } from 'ropeway/spi/errors.js';

export const myPluginErrors = errorCatalogue({
  MY_PLUGIN_SEPARATOR: {
    kind: 'data',
    message: "The line has no '{separator}' between a name and its value.",
    hint: 'Correct the line, or set `separator_text` to what the file has.',
  },
  MY_PLUGIN_LINE_TOO_LONG: {
    kind: 'data',
    message: 'A line is longer than {limit} bytes.',
    hint: 'Is this a file of text? Lines end with a line feed.',
  },
});
