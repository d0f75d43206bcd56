/** The parquet formatter. */
import type { Formatter } from '#spi/files.ts';
import { ParquetWriter } from '#codec/parquet/file-writer.ts';
import type { ParquetFormatterConfig } from './config.ts';

export const parquetFormatter: Formatter<ParquetFormatterConfig> = {
  isWhole: true,
  open: (config, schema) =>
    new ParquetWriter(schema, {
      compression: config.compression,
      timestampUnit: config.timestamp_unit,
      rowGroupBytes: config.row_group_bytes,
    }),
};
