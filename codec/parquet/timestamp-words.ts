/** Timestamps as whole numbers of the file's unit. What the unit cannot hold is an error, not another value. */
import { isNull, timestampAt } from '#spi/batch.ts';
import type { TimestampVector } from '#spi/batch.ts';
import { parquetErrors } from './errors.ts';
import type { WordsOf } from './fixed-values.ts';

export type TimestampUnit = 'micros' | 'nanos';

const NANOS_MAX = 2n ** 63n - 1n;
const NANOS_MIN = -(2n ** 63n);

export function timestampWords(column: string, unit: TimestampUnit): WordsOf {
  return unit === 'micros' ? microsOf(column) : nanosOf(column);
}

function microsOf(column: string): WordsOf {
  return (vector, rowCount) => {
    const { values, nanos } = timestamps(vector);
    for (let row = 0; row < rowCount; row++) {
      if (nanos[row] === 0 || isNull(vector, row)) continue;
      throw parquetErrors.error('PARQUET_NANOSECONDS', { column, value: shown(timestamps(vector), row) });
    }
    return new Int32Array(values.buffer, values.byteOffset, rowCount * 2);
  };
}

function nanosOf(column: string): WordsOf {
  let scratch = new BigInt64Array(0);
  return (vector, rowCount) => {
    const { values, nanos } = timestamps(vector);
    if (scratch.length < rowCount) scratch = new BigInt64Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isNull(vector, row)) continue;
      const value = (values[row] as bigint) * 1000n + BigInt(nanos[row] as number); // bounded by the loop
      if (value < NANOS_MIN || value > NANOS_MAX) {
        throw parquetErrors.error('PARQUET_TIMESTAMP_RANGE', { column, value: shown(timestamps(vector), row) });
      }
      scratch[row] = value;
    }
    return new Int32Array(scratch.buffer, 0, rowCount * 2);
  };
}

function timestamps(vector: Parameters<WordsOf>[0]): TimestampVector {
  if (vector.type !== 'timestamp') throw new Error('Broken invariant: the vector has the type of its column');
  return vector;
}

/** As epoch seconds: years may have any number of digits. */
function shown(vector: TimestampVector, row: number): string {
  const { seconds, nanos } = timestampAt(vector, row);
  return `${seconds} s + ${nanos} ns`;
}
