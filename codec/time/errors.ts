import { errorCatalogue } from '#spi/errors.ts';

export const timeErrors = errorCatalogue({
  TIME_ZONE_UNKNOWN: {
    kind: 'config',
    message: "The time zone '{zone}' is unknown.",
    hint: 'Write UTC, an offset such as +09:00, or a region such as Asia/Tokyo.',
  },
  TIME_DATE_INVALID: {
    kind: 'config',
    message: "The default date '{date}' is not a date.",
    hint: 'Write it as a quoted text of year, month and day: "2015-01-02". An unquoted date is a number in YAML.',
  },
  TIME_FORMAT_INVALID: {
    kind: 'config',
    message: "The timestamp format '{format}' cannot be used: {reason}.",
    hint: "Formats are Ruby's (%Y-%m-%d %H:%M:%S), or `java:` with a pattern such as uuuu-MM-dd HH:mm:ss.",
  },
});
