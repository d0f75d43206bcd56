/** Where the times come from: nanoseconds since 1970, one per record. */
import { bytesAt, stringAt, timestampAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { ColumnType } from '#spi/schema.ts';
import { scalarOfJson } from '#codec/cells/scalar.ts';
import { findJson, parseJsonPath } from '#codec/json/path.ts';
import type { JsonStep } from '#codec/json/path.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import { nanosOfLong, nanosOfTimestamp } from '#codec/time/units.ts';
import type { TimeUnit } from '#codec/time/units.ts';
import type { FromColumn, FromValue } from './config.ts';
import { addTimeErrors } from './errors.ts';

const FORMAT = '%Y-%m-%d %H:%M:%S %z';
const NANOS_PER_SECOND = 1_000_000_000n;

export const units: Readonly<Record<FromColumn['unix_timestamp_unit'], TimeUnit>> = {
  sec: 'second',
  milli: 'milli',
  micro: 'micro',
  nano: 'nano',
};

export interface Time {
  readonly nanos: bigint;
  /** It was a number: what is below the unit that is asked for is cut off. */
  readonly isNumber: boolean;
}

/** The time of a cell that is not null. Undefined: there is none; a text: what is not a time. */
export type CellTime = (vector: Vector, row: number) => Time | undefined | string;

export function refuse(option: string, reason: string, advice: string): never {
  throw addTimeErrors.error('ADD_TIME_OPTION', { option, reason, advice }, { where: { path: option.split('.') } });
}

export function cellTime(from: FromColumn, type: ColumnType): CellTime {
  const unit = units[from.unix_timestamp_unit];
  const parser = parserOf(from);
  switch (type) {
    case 'timestamp':
      return (vector, row) =>
        vector.type === 'timestamp'
          ? { nanos: nanosOfTimestamp(timestampAt(vector, row)), isNumber: false }
          : undefined;
    case 'long':
      return (vector, row) =>
        vector.type === 'long' ? { nanos: nanosOfLong(vector.values[row] ?? 0n, unit), isNumber: true } : undefined;
    case 'string':
      return (vector, row) => timeOfText(stringAt(vector, row), parser);
    case 'json':
      return jsonTime(memberStep(from), unit, parser);
    default:
      return refuse(
        'from_column.name',
        `the column '${from.name}' is ${type}`,
        'It must be long, string, timestamp or json.',
      );
  }
}

function memberStep({ json_key: key }: FromColumn): readonly JsonStep[] {
  if (key === undefined)
    return refuse('from_column.json_key', 'a json column needs it', 'Name the member with the time.');
  const path = parseJsonPath(`$['${key.replace(/['\\]/g, '\\$&')}']`);
  return typeof path === 'string' ? refuse('from_column.json_key', path, 'Name the member with the time.') : path.steps;
}

function jsonTime(steps: readonly JsonStep[], unit: TimeUnit, parser: TimestampParser): CellTime {
  return (vector, row) => {
    const bytes = bytesAt(vector, row);
    const range = findJson(steps, bytes, 0)[0];
    const value = range === undefined ? undefined : scalarOfJson(bytes, range[0], range[1]);
    if (value === undefined) return undefined;
    if (typeof value === 'bigint') return { nanos: nanosOfLong(value, unit), isNumber: true };
    if (typeof value === 'string') return timeOfText(value, parser);
    return typeof value === 'object' ? 'The object or array' : String(value);
  };
}

function timeOfText(text: string, parser: TimestampParser): Time | string {
  const time = parser.parse(text);
  return time === undefined ? text : { nanos: nanosOfTimestamp(time), isNumber: false };
}

/** Option names by error: the column's own, and the default. */
const placesOf: Readonly<Record<string, readonly [keyof FromColumn, keyof FromColumn]>> = {
  TIME_ZONE_UNKNOWN: ['timezone', 'default_timezone'],
  TIME_DATE_INVALID: ['date', 'default_date'],
};

function parserOf(from: FromColumn): TimestampParser {
  try {
    const timezone = from.timezone ?? from.default_timezone;
    return timestampParser(from.timestamp_format ?? FORMAT, { timezone, date: from.date ?? from.default_date });
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    const [own, preset] = placesOf[error.code] ?? ['timestamp_format', 'timestamp_format'];
    throw withPlace(error, { path: ['from_column', from[own] === undefined ? preset : own] });
  }
}

/** Gives one time after the other. */
export function valueTimes(from: FromValue, transactionTime: Date): () => Time {
  switch (from.mode) {
    case 'upload_time': {
      const time = { nanos: nanosOfLong(BigInt(transactionTime.getTime()), 'milli'), isNumber: false };
      return () => time;
    }
    case 'fixed_time': {
      const time = writtenTime(from, 'value');
      return () => time;
    }
    case 'incremental_time':
      return incrementalTimes(writtenTime(from, 'from'), writtenTime(from, 'to'));
  }
}

function incrementalTimes(first: Time, last: Time): () => Time {
  if (first.nanos > last.nanos) refuse('from_value.to', 'it is before `from`', 'The times go from `from` to `to`.');
  let next = first.nanos;
  return () => {
    const nanos = next;
    next += NANOS_PER_SECOND;
    if (next > last.nanos) next = first.nanos;
    return { nanos, isNumber: false };
  };
}

/** A number, or a text in the format; with a format of its own, all is text. */
function writtenTime(from: FromValue, key: 'value' | 'from' | 'to'): Time {
  const option = `from_value.${key}`;
  const text = from[key];
  if (text === undefined) return refuse(option, `\`mode: ${from.mode}\` needs it`, 'Write a time as text or number.');
  if (from.timestamp_format === undefined && /^-?\d{1,19}$/.test(text)) {
    return { nanos: nanosOfLong(BigInt(text), units[from.unix_timestamp_unit]), isNumber: true };
  }
  const format = from.timestamp_format ?? FORMAT;
  let parser: TimestampParser;
  try {
    parser = timestampParser(format, { timezone: 'UTC', date: '1970-01-01' });
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: ['from_value', 'timestamp_format'] }) : error;
  }
  const time = parser.parse(text);
  if (time === undefined)
    return refuse(option, `'${text}' is not a time in the format ${format}`, 'Correct one of them.');
  return { nanos: nanosOfTimestamp(time), isNumber: false };
}
