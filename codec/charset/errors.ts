import { errorCatalogue } from '#spi/errors.ts';

export const charsetErrors = errorCatalogue({
  CHARSET_UNKNOWN: {
    kind: 'config',
    message: "The charset '{charset}' is unknown.",
    hint: 'For example: UTF-8, MS932, Shift_JIS, EUC-JP, UTF-16, ISO-8859-1, windows-1252, GBK, EUC-KR, Big5.',
  },
});
