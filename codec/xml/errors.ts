/** What can be wrong with XML, and with records made of it. */
import { errorCatalogue } from '#spi/errors.ts';

export const xmlErrors = errorCatalogue({
  XML_SYNTAX: {
    kind: 'data',
    message: 'The text is not well-formed XML: {reason}.',
    hint: 'Nothing behind a mistake can be read. Entities that the file itself declares are not expanded, and none are fetched.',
  },
  XML_ENCODING: {
    kind: 'data',
    message: "The file is not in its encoding '{encoding}', or that is unknown.",
    hint: 'Set `charset` when the first line of the file does not tell the truth.',
  },
  XML_TOO_LONG: {
    kind: 'data',
    message: '{part} is longer than {limit} characters.',
    hint: 'Does `root` lead to the records, and not to what is around them all?',
  },
  XML_TOO_DEEP: {
    kind: 'data',
    message: 'Elements are nested more than {limit} deep.',
    hint: 'Files like this are not made for reading records.',
  },
  XML_ROOT_NOT_FOUND: {
    kind: 'data',
    message: "There is nothing at '{root}' in the file.",
    hint: 'Check `root`: it is the path of the elements that are the records, from the outermost one on: data/items/item.',
  },
  XML_VALUE_REPEATED: {
    kind: 'data',
    message: "The column '{column}' has several values in this record.",
    hint: 'Give it `multiple`: first, last, or json for all of them.',
  },
  XML_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
