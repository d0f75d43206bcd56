/** Casts of values from type to type, by the rules of the `typecast` filter. */
import type { Timestamp } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { ColumnType } from '#spi/schema.ts';
import { canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { writeMsgpackText } from '#codec/json/msgpack-text.ts';
import { parseBoolean } from '#codec/number/boolean.ts';
import { formatDouble, parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import { isJsonText } from './scalar.ts';
import type { Scalar } from './scalar.ts';

export interface CastOptions {
  readonly parser: TimestampParser;
  readonly formatter: TimestampFormatter;
}

/** The value in the other type; undefined when it has none such. */
export type Cast = (value: Scalar) => Scalar | undefined;

/** Seconds that a timestamp cell can hold. */
const SECONDS_MAX = 9_200_000_000_000;
const NANOS_PER_SECOND = 1_000_000_000;
const LONG_LIMIT = 2 ** 63;

export function castTo(type: ColumnType, options: CastOptions): Cast {
  switch (type) {
    case 'boolean':
      return toBoolean;
    case 'long':
      return toLong;
    case 'double':
      return toDouble;
    case 'string':
      return (value) => toText(value, options.formatter);
    case 'timestamp':
      return (value) => toTimestamp(value, options.parser);
    case 'json':
      return toJson;
  }
}

function toBoolean(value: Scalar): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1n) return true;
  if (value === 0n) return false;
  return typeof value === 'string' ? parseBoolean(value) : undefined;
}

function toLong(value: Scalar): bigint | undefined {
  switch (typeof value) {
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1n : 0n;
    case 'number':
      return longOfDouble(value);
    case 'string':
      return parseLong(value);
    default:
      return isJsonText(value) ? undefined : BigInt(value.seconds);
  }
}

/** The number without its fraction; undefined when it does not fit. */
export function longOfDouble(value: number): bigint | undefined {
  const whole = Math.trunc(value);
  // NaN fails both comparisons.
  return whole >= -LONG_LIMIT && whole < LONG_LIMIT ? BigInt(whole) : undefined;
}

function toDouble(value: Scalar): number | undefined {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'string':
      return parseDouble(value);
    case 'boolean':
      return undefined;
    default:
      return isJsonText(value) ? undefined : value.seconds + value.nanos / NANOS_PER_SECOND;
  }
}

const scratch = new ByteSink(1024);

function toText(value: Scalar, formatter: TimestampFormatter): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return formatDouble(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return isJsonText(value) ? msgpackText(value.json) : formatter.format(value.seconds, value.nanos);
  }
}

/** Canonical JSON as the original's value library prints it. */
export function msgpackText(json: string): string {
  scratch.clear();
  const bytes = Buffer.from(json);
  writeMsgpackText(scratch, bytes, 0, bytes.length);
  return Buffer.from(scratch.view()).toString('utf8');
}

function toTimestamp(value: Scalar, parser: TimestampParser): Timestamp | undefined {
  switch (typeof value) {
    case 'string':
      return parser.parse(value);
    case 'bigint':
      return inRange({ seconds: Number(value), nanos: 0 });
    case 'number':
      return timestampOfSeconds(value);
    case 'boolean':
      return undefined;
    default:
      return isJsonText(value) ? undefined : value;
  }
}

function timestampOfSeconds(value: number): Timestamp | undefined {
  if (!Number.isFinite(value)) return undefined;
  const seconds = Math.floor(value);
  const nanos = Math.round((value - seconds) * NANOS_PER_SECOND);
  return inRange(nanos === NANOS_PER_SECOND ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos });
}

/** The timestamp, unless a cell cannot hold it. */
export function inRange(time: Timestamp): Timestamp | undefined {
  return Math.abs(time.seconds) < SECONDS_MAX ? time : undefined;
}

function toJson(value: Scalar): Scalar | undefined {
  if (typeof value === 'string') return parseJsonText(value);
  return typeof value === 'object' && isJsonText(value) ? value : undefined;
}

/** The text in canonical form; undefined when it is not one JSON value. */
export function parseJsonText(text: string): Scalar | undefined {
  scratch.clear();
  const bytes = Buffer.from(text);
  if (canonicalizeWholeJson(bytes, 0, bytes.length, scratch) < 0) return undefined;
  return { json: Buffer.from(scratch.view()).toString('utf8') };
}
