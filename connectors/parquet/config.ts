import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { columnTypes } from '#spi/schema.ts';

const parquetColumn = z.strictObject({
  name: option(z.string(), { title: 'Name', description: 'Name of the column in the file.' }),
  type: option(z.enum(columnTypes), {
    title: 'Type',
    description:
      'Type of the column. Everything can be read as string or json; other types must hold the values of the file.',
  }),
});

export const parquetParserConfig = z.strictObject({
  columns: option(z.array(parquetColumn).min(1), {
    title: 'Columns',
    description:
      'Columns to take from the file, in this order; others are not read. `ropeway guess` fills them in for files that fit into its sample, and a name that is not in the file gives an error with the columns that are.',
  }),
});

export type ParquetParserConfig = z.output<typeof parquetParserConfig>;

const MIB = 1024 * 1024;

export const parquetFormatterConfig = z.strictObject({
  compression: option(z.enum(['none', 'snappy', 'gzip', 'zstd']).default('zstd'), {
    title: 'Compression',
    description:
      'How pages are compressed. An encoder around the whole file would make it unreadable for most readers.',
  }),
  timestamp_unit: option(z.enum(['micros', 'nanos']).default('micros'), {
    title: 'Timestamp unit',
    description:
      'Unit of timestamps. A timestamp with nanoseconds is an error with `micros`; `nanos` holds the years 1677 to 2262.',
  }),
  row_group_bytes: option(
    z
      .number()
      .int()
      .min(64 * 1024)
      .max(1024 * MIB)
      .default(16 * MIB),
    {
      title: 'Row group size',
      description: 'Bytes of values, before compression, that a row group holds; they are held in memory until then.',
      'x-advanced': true,
    },
  ),
});

export type ParquetFormatterConfig = z.output<typeof parquetFormatterConfig>;
