import { errorCatalogue } from '#spi/errors.ts';

export const ltsvErrors = errorCatalogue({
  LTSV_NO_LABEL: {
    kind: 'data',
    message: "The field '{text}' has no label: there is no '{delimiter}' in it.",
    hint: 'Fields are label, delimiter and value. Are `delimiter` and `label_delimiter` right?',
  },
  LTSV_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
