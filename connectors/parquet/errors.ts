/** What can be wrong with a Parquet file, and with what a config expects of it. */
import { errorCatalogue } from '#spi/errors.ts';

export const parquetFileErrors = errorCatalogue({
  PARQUET_UNREADABLE: {
    kind: 'data',
    message: 'The Parquet file cannot be read: {reason}.',
    hint: 'Is it complete, and is it Parquet? If other tools read it, please report what wrote it.',
  },
  PARQUET_COLUMN_MISSING: {
    kind: 'data',
    message: "The Parquet file has no column '{column}'.",
    hint: 'Its columns are: {columns}',
  },
  PARQUET_COLUMN_TYPE: {
    kind: 'data',
    message: "The column '{column}' is {type} in the Parquet file, which cannot be read as {wanted}.",
    hint: 'Make it {natural} in `columns`, or string or json, which hold everything.',
  },
  PARQUET_VALUE: {
    kind: 'data',
    message: "The value {value} of the column '{column}' is not {expected}.",
    hint: 'Make the column a string in `columns`, or clean the data.',
  },
  PARQUET_UNSUPPORTED: {
    kind: 'data',
    message: "The column '{column}' is {type} in the Parquet file, which Ropeway does not read.",
    hint: 'Leave the column out of `columns`.',
  },
});
