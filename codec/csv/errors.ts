/** What can be wrong with CSV text. The words of the first five are Embulk's. */
import { errorCatalogue } from '#spi/errors.ts';

export const csvErrors = errorCatalogue({
  CSV_TOO_FEW_COLUMNS: {
    kind: 'data',
    message: 'A record does not have an expected column (i.e. too few columns).',
    hint: '`allow_optional_columns: true` takes missing columns at the end for null.',
  },
  CSV_TOO_MANY_COLUMNS: {
    kind: 'data',
    message: 'A record has an unexpected trailing column (i.e. too many columns).',
    hint: '`allow_extra_columns: true` drops surplus columns. Is the delimiter right?',
  },
  CSV_QUOTE_UNCLOSED: {
    kind: 'data',
    message: 'Unexpected end of file in a quoted field.',
    hint: 'A closing quote is missing; `quote: null` reads quotes as ordinary characters.',
  },
  CSV_AFTER_QUOTE: {
    kind: 'data',
    message: "Unexpected extra character '{character}' after a quote by '{quote}'.",
    hint: 'A quote inside a quoted field must be doubled or escaped; see `quotes_in_quoted_fields`.',
  },
  CSV_QUOTED_TOO_LONG: {
    kind: 'data',
    message: 'The length of the quoted field exceeds the limit ({limit})',
    hint: 'Is a closing quote missing? Otherwise raise `max_quoted_size_limit`.',
  },
  CSV_LONG_INVALID: {
    kind: 'data',
    message: "The text '{text}' is not a whole number of 64 bits.",
    hint: 'Make the column a string or a double, or clean the data.',
  },
  CSV_DOUBLE_INVALID: {
    kind: 'data',
    message: "The text '{text}' is not a number.",
    hint: 'Make the column a string, or clean the data.',
  },
  CSV_TIMESTAMP_INVALID: {
    kind: 'data',
    message: "The text '{text}' is not a timestamp in the format {format}.",
    hint: 'Check the `format` of the column.',
  },
  CSV_JSON_INVALID: {
    kind: 'data',
    message: "The text '{text}' is not JSON.",
    hint: 'Make the column a string, or clean the data.',
  },
  CSV_RECORD_TOO_LONG: {
    kind: 'data',
    message: 'A line is longer than {limit} bytes.',
    hint: 'Is the file CSV at all, and are `line_delimiter_recognized` and the decoders right?',
  },
  CSV_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
