/** Default values: read from the config, put where there is none. */
import { isNull, valueAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { ColumnType } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { parseJsonText } from '#codec/cells/cast.ts';
import { copyText, setScalar, shownText } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { parseBoolean } from '#codec/number/boolean.ts';
import { parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import type { ColumnConfig, ColumnEntry } from './config.ts';
import { columnErrors } from './errors.ts';

/** Where an entry stands in the config of the filter. */
export type EntryPath = readonly [list: 'columns' | 'add_columns', index: number];

const expected: Readonly<Record<ColumnType, string>> = {
  boolean: 'true or false',
  long: 'a whole number of 64 bits',
  double: 'a number',
  string: 'a text',
  timestamp: 'a timestamp in the format',
  json: 'one JSON value',
};

/** The entry's default as a value of the type; undefined when it has none. */
export function defaultOf(
  entry: ColumnEntry,
  type: ColumnType,
  config: ColumnConfig,
  path: EntryPath,
): Scalar | undefined {
  const text = entry.default;
  if (text === undefined) return undefined;
  const value = read(text, type, entry, { config, path });
  if (value !== undefined) return value;
  const params = { value: shownText(text), name: entry.name, expected: expected[type] };
  throw columnErrors.error('COLUMN_DEFAULT', params, { where: { path: [...path, 'default'] } });
}

function read(
  text: string,
  type: ColumnType,
  entry: ColumnEntry,
  place: { readonly config: ColumnConfig; readonly path: EntryPath },
): Scalar | undefined {
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'long':
      return parseLong(text);
    case 'double':
      return parseDouble(text);
    case 'string':
      return text;
    case 'json':
      return parseJsonText(text);
    case 'timestamp':
      return readTimestamp(text, entry, place);
  }
}

function readTimestamp(
  text: string,
  entry: ColumnEntry,
  { config, path }: { readonly config: ColumnConfig; readonly path: EntryPath },
): Scalar | undefined {
  const timezone = entry.timezone ?? config.default_timezone;
  try {
    return timestampParser(entry.format ?? config.default_timestamp_format, { timezone, date: '1970-01-01' }).parse(
      text,
    );
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    const isZone = error.code === 'TIME_ZONE_UNKNOWN';
    const own = isZone ? entry.timezone : entry.format;
    const preset = isZone ? 'default_timezone' : 'default_timestamp_format';
    throw withPlace(error, { path: own === undefined ? [preset] : [...path, isZone ? 'timezone' : 'format'] });
  }
}

/** Gives columns of one value, as long as they are asked for. */
export function constantColumn(type: ColumnType, value: Scalar): (rowCount: number) => Vector {
  const builder = new VectorBuilder(type);
  let made: { readonly rowCount: number; readonly vector: Vector } | undefined;
  return (rowCount) => {
    if (made !== undefined && made.rowCount >= rowCount) return made.vector;
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) setScalar(builder, row, value);
    made = { rowCount, vector: builder.take() };
    return made.vector;
  };
}

/** Gives the column with the value in place of nulls. */
export function filledColumn(type: ColumnType, value: Scalar): (vector: Vector, rowCount: number) => Vector {
  const builder = new VectorBuilder(type);
  return (vector, rowCount) => {
    if (!hasNull(vector, rowCount)) return vector;
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isNull(vector, row)) setScalar(builder, row, value);
      else if (type === 'string' || type === 'json') copyText(builder, row, vector);
      // Neither null nor json: the value is a scalar of its type.
      else setScalar(builder, row, valueAt(vector, row) as Scalar);
    }
    return builder.take();
  };
}

function hasNull(vector: Vector, rowCount: number): boolean {
  for (let row = 0; row < rowCount; row++) if (isNull(vector, row)) return true;
  return false;
}
