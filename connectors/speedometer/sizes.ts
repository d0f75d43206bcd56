/** The size of records as the original counts it: texts, delimiters, padding. */
import { CELL_CANONICAL, cellFlags, isNull, textLength, timestampAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Schema } from '#spi/schema.ts';
import { formatDouble } from '#codec/number/double.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { SpeedometerConfig } from './config.ts';

/** Gives the bytes of a batch's records. */
export function batchSizer(config: SpeedometerConfig, schema: Schema): (batch: Batch) => number {
  const formatters = schema.columns.map(({ name, type }) =>
    type === 'timestamp' ? formatterOf(config, name) : undefined,
  );
  const delimiters = Buffer.byteLength(config.delimiter) * Math.max(0, schema.columns.length - 1);
  const perRecord = delimiters + config.record_padding_size;
  return (batch) => {
    let size = perRecord * batch.rowCount;
    for (const [column, vector] of batch.vectors.entries()) {
      for (let row = 0; row < batch.rowCount; row++) {
        if (!isNull(vector, row)) size += cellSize(vector, row, formatters[column]);
      }
    }
    return size;
  };
}

function cellSize(vector: Vector, row: number, formatter: TimestampFormatter | undefined): number {
  switch (vector.type) {
    case 'string':
    case 'json':
      return textLength(vector, row);
    case 'boolean':
      return vector.values[row] === 1 ? 4 : 5;
    case 'long':
      return isCanonical(vector, row) ? textLength(vector, row) : String(vector.values[row]).length;
    case 'double':
      // The row is one of the vector's.
      return isCanonical(vector, row) ? textLength(vector, row) : formatDouble(vector.values[row] as number).length;
    case 'timestamp': {
      const { seconds, nanos } = timestampAt(vector, row);
      return formatter?.format(seconds, nanos).length ?? 0;
    }
  }
}

function isCanonical(vector: Vector, row: number): boolean {
  return (cellFlags(vector, row) & CELL_CANONICAL) !== 0;
}

function formatterOf(config: SpeedometerConfig, name: string): TimestampFormatter {
  const own = Object.hasOwn(config.column_options, name) ? config.column_options[name] : undefined;
  try {
    return timestampFormatter(own?.format ?? config.default_timestamp_format, own?.timezone ?? 'UTC');
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: ['column_options', name, 'timezone'] }) : error;
  }
}
