/** What cannot be written as Parquet. */
import { errorCatalogue } from '#spi/errors.ts';

export const parquetErrors = errorCatalogue({
  PARQUET_NANOSECONDS: {
    kind: 'data',
    message: "The timestamp {value} of the column '{column}' has nanoseconds, and the file is to hold microseconds.",
    hint: 'Set `timestamp_unit: nanos` in the formatter; it holds the years 1677 to 2262.',
  },
  PARQUET_TIMESTAMP_RANGE: {
    kind: 'data',
    message: "The timestamp {value} of the column '{column}' is outside of what 64 bits of nanoseconds hold.",
    hint: 'Nanoseconds hold the years 1677 to 2262. Leave `timestamp_unit` at micros, or clean the data.',
  },
  PARQUET_COLUMNS: {
    kind: 'config',
    message: 'The columns cannot be written as Parquet: {reason}.',
    hint: '{advice}',
  },
});
