/** What can be wrong with JSON text and with records made of it. Words of the record errors are Embulk's. */
import { errorCatalogue } from '#spi/errors.ts';

export const jsonErrors = errorCatalogue({
  JSON_SYNTAX: {
    kind: 'data',
    message: 'The text is not valid JSON: {reason}.',
    hint: 'Look at this place in the file; a broken value makes everything behind it unreadable.',
  },
  JSON_VALUE_TOO_LONG: {
    kind: 'data',
    message: 'A JSON value is longer than {limit} bytes.',
    hint: 'If the file is one big array, set `flatten_json_array: true` only when it fits; better write one object per line.',
  },
  JSON_NOT_UTF8: {
    kind: 'data',
    message: 'The JSON text holds bytes that are not valid in its encoding.',
    hint: 'JSON files are UTF-8, UTF-16 or UTF-32. Convert the file first.',
  },
  JSON_NOT_AN_OBJECT: {
    kind: 'data',
    message: "A Json record must represent map value but it's {type}.",
    hint: 'Every record is an object; `flatten_json_array: true` reads the elements of arrays.',
  },
  JSON_NOT_AN_ARRAY: {
    kind: 'data',
    message: "A Json record must represent array value with 'flatten_json_array' option, but it's {type}.",
    hint: 'Remove `flatten_json_array`, or set `root` to where the array is.',
  },
  JSON_ROOT_MISSING: {
    kind: 'data',
    message: "A Json record doesn't have given 'JSON pointer to root'.",
    hint: 'Check `root`: it is a path such as /data/items.',
  },
  JSON_PATH_NOT_FOUND: {
    kind: 'data',
    message: "There is nothing at '{root}' in the file.",
    hint: 'Check `root`: it is a path such as $.data.items, to an array whose elements are the records.',
  },
  JSON_PATH_NOT_AN_ARRAY: {
    kind: 'data',
    message: "What is at '{root}' is no array but {type}.",
    hint: 'The elements of an array are the records. A path that ends in [*] takes the members of an object, too.',
  },
  JSON_TIMESTAMP: {
    kind: 'data',
    message: "A Json record must have valid timestamp value but it's {value}.",
    hint: 'Check the `format` of the column.',
  },
  JSON_NUMBER: {
    kind: 'data',
    message: "The value {value} of the column '{column}' is not {expected}.",
    hint: 'Make the column a string or a double, or clean the data.',
  },
  JSON_LINE_TOO_LONG: {
    kind: 'data',
    message: 'A line is longer than {limit} bytes.',
    hint: 'Is the file one JSON object per line? The parser `json` reads objects over several lines.',
  },
  JSON_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
