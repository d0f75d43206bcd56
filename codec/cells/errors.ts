/** What can be wrong with a text that is to become the value of a column. */
import { errorCatalogue } from '#spi/errors.ts';

export const cellErrors = errorCatalogue({
  CELL_TEXT: {
    kind: 'data',
    message: "The text '{text}' of the column '{column}' is not {expected}.",
    hint: 'Make the column a string, give it the right `format`, or clean the data.',
  },
});
