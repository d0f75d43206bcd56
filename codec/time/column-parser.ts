/** The timestamp parser of one column of a config, with errors placed at the option that they are about. */
import { isRopewayError, withPlace } from '#spi/errors.ts';
import { timestampParser } from './timestamp-parser.ts';
import type { TimestampParser } from './timestamp-parser.ts';

/** What a column may say about its timestamps. */
export interface TimestampColumn {
  readonly format?: string | undefined;
  readonly timezone?: string | undefined;
  readonly date?: string | undefined;
}

/** What counts for columns that say nothing. */
export interface TimestampDefaults {
  readonly default_timezone: string;
  readonly default_timestamp_format: string;
  readonly default_date: string;
}

/** Option names by error: the column's own, and the default. */
const options: Readonly<Record<string, readonly [keyof TimestampColumn, keyof TimestampDefaults]>> = {
  TIME_ZONE_UNKNOWN: ['timezone', 'default_timezone'],
  TIME_DATE_INVALID: ['date', 'default_date'],
  TIME_FORMAT_INVALID: ['format', 'default_timestamp_format'],
};

/** Throws config errors whose path is relative to the section with `columns`, or a list of another name. */
export function columnTimestampParser(
  column: TimestampColumn,
  defaults: TimestampDefaults,
  index: number,
  list = 'columns',
): TimestampParser {
  try {
    return timestampParser(column.format ?? defaults.default_timestamp_format, {
      timezone: column.timezone ?? defaults.default_timezone,
      date: column.date ?? defaults.default_date,
    });
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    const [own, preset] = options[error.code] ?? ['format', 'default_timestamp_format'];
    throw withPlace(error, { path: column[own] === undefined ? [preset] : [list, index, own] });
  }
}
