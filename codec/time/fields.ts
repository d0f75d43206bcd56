/** What a format has found in a text, and the instant that it makes. One object per parser, used again and again. */
import type { Timestamp } from '#spi/batch.ts';
import { daysFromCivil, isLeapYear, monthLength, SECONDS_PER_DAY } from './civil.ts';
import type { Zone } from './zone.ts';

/** A field that the text did not give. */
export const ABSENT = Number.MIN_SAFE_INTEGER;

export class Fields {
  year = ABSENT;
  century = ABSENT;
  yearOfCentury = ABSENT;
  month = ABSENT;
  day = ABSENT;
  dayOfYear = ABSENT;
  hour = ABSENT;
  minute = ABSENT;
  second = ABSENT;
  nanos = ABSENT;
  /** 0 before noon, 12 after. */
  halfDay = ABSENT;
  /** Seconds east of UTC. */
  offset = ABSENT;
  epochSeconds = ABSENT;
  epochMillis = ABSENT;

  clear(): void {
    this.year = ABSENT;
    this.century = ABSENT;
    this.yearOfCentury = ABSENT;
    this.month = ABSENT;
    this.day = ABSENT;
    this.dayOfYear = ABSENT;
    this.hour = ABSENT;
    this.minute = ABSENT;
    this.second = ABSENT;
    this.nanos = ABSENT;
    this.halfDay = ABSENT;
    this.offset = ABSENT;
    this.epochSeconds = ABSENT;
    this.epochMillis = ABSENT;
  }
}

export interface Resolution {
  readonly zone: Zone;
  /** For fields that the text does not give. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Strict: a day beyond its month is invalid, and second 60 is the next minute; else it rolls over, and 60 is 59. */
  readonly isStrict: boolean;
}

/** The instant of the fields, or undefined when they make none. */
export function resolveFields(fields: Fields, rules: Resolution): Timestamp | undefined {
  const nanos = fields.nanos === ABSENT ? 0 : fields.nanos;
  // A sign before a fraction is read, and then refused unless the fraction is zero.
  if (nanos < 0) return undefined;
  if (fields.epochSeconds !== ABSENT) return fromEpoch(fields.epochSeconds, nanos);
  if (fields.epochMillis !== ABSENT) {
    const seconds = Math.floor(fields.epochMillis / 1000);
    return bounded(seconds, (fields.epochMillis - seconds * 1000) * 1_000_000);
  }
  const days = daysOf(fields, rules);
  if (days === undefined) return undefined;
  const local = days * SECONDS_PER_DAY + timeOf(fields, rules.isStrict);
  const offset = fields.offset === ABSENT ? rules.zone.offsetAtLocal(local) : fields.offset;
  return bounded(local - offset, nanos);
}

/** The fraction belongs to the size of the number: it is subtracted from a negative one. Minus zero is not negative. */
function fromEpoch(seconds: number, nanos: number): Timestamp | undefined {
  if (seconds >= 0 || nanos === 0) return bounded(seconds, nanos);
  return bounded(seconds - 1, 1_000_000_000 - nanos);
}

/** Epoch seconds that fit into 64 bits of microseconds. */
const SECONDS_MAX = 9_200_000_000_000;

function bounded(seconds: number, nanos: number): Timestamp | undefined {
  return Math.abs(seconds) < SECONDS_MAX ? { seconds: seconds + 0, nanos } : undefined;
}

function daysOf(fields: Fields, rules: Resolution): number | undefined {
  const year = yearOf(fields, rules.year);
  if (fields.dayOfYear !== ABSENT) {
    if (fields.dayOfYear === 366 && !isLeapYear(year)) return undefined;
    return daysFromCivil(year, 1, 1) + fields.dayOfYear - 1;
  }
  const month = fields.month === ABSENT ? rules.month : fields.month;
  const day = fields.day === ABSENT ? rules.day : fields.day;
  if (rules.isStrict && day > monthLength(year, month)) return undefined;
  return daysFromCivil(year, month, 1) + day - 1;
}

function yearOf(fields: Fields, preset: number): number {
  if (fields.year !== ABSENT) return fields.year;
  if (fields.yearOfCentury === ABSENT) return preset;
  if (fields.century !== ABSENT) return fields.century * 100 + fields.yearOfCentury;
  return fields.yearOfCentury + (fields.yearOfCentury >= 69 ? 1900 : 2000);
}

function timeOf(fields: Fields, isStrict: boolean): number {
  let hour = fields.hour === ABSENT ? 0 : fields.hour;
  if (fields.halfDay !== ABSENT && fields.hour !== ABSENT) hour = (hour % 12) + fields.halfDay;
  const minute = fields.minute === ABSENT ? 0 : fields.minute;
  let second = fields.second === ABSENT ? 0 : fields.second;
  if (second === 60 && !isStrict) second = 59;
  return hour * 3600 + minute * 60 + second;
}
