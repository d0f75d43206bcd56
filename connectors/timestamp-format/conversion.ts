/** How one column's values become times, and times the values that are asked for. */
import type { Timestamp } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import { isTimestamp } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { jodaParserFormat, jodaPrinterFormat } from '#codec/time/joda-pattern.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import {
  doubleOfNanos,
  longOfNanos,
  nanosOfDouble,
  nanosOfLong,
  nanosOfTimestamp,
  timestampOfNanos,
} from '#codec/time/units.ts';
import type { TimeUnit } from '#codec/time/units.ts';
import type { TimestampFormatColumn, TimestampFormatConfig } from './config.ts';
import { timestampFormatErrors } from './errors.ts';

export interface Conversion {
  /** The value in the column's new type; undefined when it is not a time. */
  convert(value: Scalar): Scalar | undefined;
  /** What was expected, for messages. */
  expected(value: Scalar): string;
}

const unitNames: Readonly<Record<string, TimeUnit>> = {
  second: 'second',
  sec: 'second',
  millisecond: 'milli',
  milli: 'milli',
  msec: 'milli',
  ms: 'milli',
  microsecond: 'micro',
  micro: 'micro',
  usec: 'micro',
  us: 'micro',
  nanosecond: 'nano',
  nano: 'nano',
  nsec: 'nano',
  ns: 'nano',
};

type Path = readonly (string | number)[];

/** Throws config errors whose path is relative to the section of the filter. */
export function conversionOf(config: TimestampFormatConfig, index: number): Conversion {
  const column = config.columns[index] as TimestampFormatColumn; // the caller's own index
  const own = (option: keyof TimestampFormatColumn, preset: keyof TimestampFormatConfig): Path =>
    column[option] === undefined ? [preset] : ['columns', index, option];
  const fromUnit = unitOf(
    column.from_unit ?? config.default_from_timestamp_unit,
    own('from_unit', 'default_from_timestamp_unit'),
  );
  const toUnit = unitOf(
    column.to_unit ?? config.default_to_timestamp_unit,
    own('to_unit', 'default_to_timestamp_unit'),
  );
  const formats = column.from_format ?? config.default_from_timestamp_format;
  const parsers = parsersOf(formats, column.from_timezone ?? config.default_from_timezone, {
    format: own('from_format', 'default_from_timestamp_format'),
    timezone: own('from_timezone', 'default_from_timezone'),
  });
  const formatter = formatterOf(
    column.to_format ?? config.default_to_timestamp_format,
    column.to_timezone ?? config.default_to_timezone,
    { format: own('to_format', 'default_to_timestamp_format'), timezone: own('to_timezone', 'default_to_timezone') },
  );
  const write = writerOf(column.type, { toUnit, formatter });
  return {
    convert(value) {
      const nanos = nanosOf(value, fromUnit, parsers);
      return nanos === undefined ? undefined : write(nanos, typeof value === 'bigint' || typeof value === 'number');
    },
    expected: (value) =>
      typeof value === 'string' ? `in the format ${formats.join(' or ')}` : `in the range of ${column.type}`,
  };
}

function unitOf(text: string, path: Path): TimeUnit {
  const name = text.toLowerCase().replaceAll('_', '');
  const unit = Object.hasOwn(unitNames, name) ? unitNames[name] : undefined;
  if (unit !== undefined) return unit;
  throw timestampFormatErrors.error('TIMESTAMP_FORMAT_UNIT', { unit: text }, { where: { path } });
}

interface Places {
  readonly format: Path;
  readonly timezone: Path;
}

function placed<T>(make: () => T, places: Places): T {
  try {
    return make();
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    throw withPlace(error, { path: error.code === 'TIME_ZONE_UNKNOWN' ? places.timezone : places.format });
  }
}

/** If any format has a %, the others are not tried: that is the original's way. */
function parsersOf(formats: readonly string[], timezone: string, places: Places): readonly TimestampParser[] {
  const ruby = formats.filter((format) => format.includes('%'));
  return placed(
    () =>
      (ruby.length > 0 ? ruby : formats).map((format) =>
        timestampParser(isOurs(format) ? format : jodaParserFormat(format), { timezone, date: '1970-01-01' }),
      ),
    places,
  );
}

function formatterOf(format: string, timezone: string, places: Places): TimestampFormatter {
  return placed(() => timestampFormatter(isOurs(format) ? format : jodaPrinterFormat(format), timezone), places);
}

/** A notation of the engine's own, and not Joda's. */
function isOurs(format: string): boolean {
  return format.includes('%') || /^(java|ruby):/.test(format);
}

function nanosOf(value: Scalar, unit: TimeUnit, parsers: readonly TimestampParser[]): bigint | undefined {
  if (typeof value === 'bigint') return nanosOfLong(value, unit);
  if (typeof value === 'number') return nanosOfDouble(value, unit);
  if (typeof value === 'string') {
    const time = parsed(value, parsers);
    return time === undefined ? undefined : nanosOfTimestamp(time);
  }
  return typeof value === 'object' && isTimestamp(value) ? nanosOfTimestamp(value) : undefined;
}

function parsed(text: string, parsers: readonly TimestampParser[]): Timestamp | undefined {
  for (const parser of parsers) {
    const time = parser.parse(text);
    if (time !== undefined) return time;
  }
  return undefined;
}

function writerOf(
  type: TimestampFormatColumn['type'],
  { toUnit, formatter }: { readonly toUnit: TimeUnit; readonly formatter: TimestampFormatter },
): (nanos: bigint, isNumber: boolean) => Scalar | undefined {
  switch (type) {
    case 'timestamp':
      return timestampOfNanos;
    case 'long':
      return (nanos, isNumber) => longOfNanos(nanos, toUnit, isNumber);
    case 'double':
      return (nanos) => doubleOfNanos(nanos, toUnit);
    case 'string':
      return (nanos) => {
        const time = timestampOfNanos(nanos);
        return time === undefined ? undefined : formatter.format(time.seconds, time.nanos);
      };
  }
}
