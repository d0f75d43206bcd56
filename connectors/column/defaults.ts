/** Default values as the config has them. */
import type { Timestamp } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { ColumnType } from '#spi/schema.ts';
import { scalarOfText, scalarWords } from '#codec/cells/fixed-value.ts';
import { shownText } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import type { ColumnConfig, ColumnEntry } from './config.ts';
import { columnErrors } from './errors.ts';

/** Where an entry stands in the config of the filter. */
export type EntryPath = readonly [list: 'columns' | 'add_columns', index: number];

/** The entry's default as a value of the type; undefined when it has none. */
export function defaultOf(
  entry: ColumnEntry,
  type: ColumnType,
  config: ColumnConfig,
  path: EntryPath,
): Scalar | undefined {
  const text = entry.default;
  if (text === undefined) return undefined;
  const value = scalarOfText(text, type, () => readTimestamp(text, entry, { config, path }));
  if (value !== undefined) return value;
  const params = { value: shownText(text), name: entry.name, expected: scalarWords[type] };
  throw columnErrors.error('COLUMN_DEFAULT', params, { where: { path: [...path, 'default'] } });
}

function readTimestamp(
  text: string,
  entry: ColumnEntry,
  { config, path }: { readonly config: ColumnConfig; readonly path: EntryPath },
): Timestamp | undefined {
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
