// Timestamps from text by small programs that the host compiles from formats (codec/wasm/time-reading.ts).
// A program reads only what is unmistakable: fixed numbers of digits, valid ranges. The rest is left to the host.
import { appendDigits, digitCount, powerOfTen } from './digits';

// A program: seconds east of UTC (i64), the first and last epoch second for which that holds (i64 each), operations.
const OFFSET: usize = 0;
const FROM: usize = 8;
const UNTIL: usize = 16;
const OPERATIONS: usize = 24;

// An operation: one byte, some with an operand byte behind it.
const END: u32 = 0;
const LITERAL: u32 = 1;
const YEAR: u32 = 2;
const MONTH: u32 = 3;
const DAY: u32 = 4;
const HOUR: u32 = 5;
const MINUTE: u32 = 6;
const SECOND: u32 = 7;
/** 1 to 9 digits. */
const FRACTION: u32 = 8;
/** The last operation: `Z`, `UTC`, `+hhmm` or `+hh:mm`. */
const ZONE: u32 = 9;
/** One blank, no white space behind it. */
const BLANK: u32 = 10;

/** A point and 1 to 9 digits, or nothing. */
const FRACTION_IF_ANY: u32 = 11;
/** `+00`, or nothing. */
const UTC_IF_ANY: u32 = 12;

export let stampMicros: i64 = 0;
/** Nanoseconds above the microseconds, 0 to 999. */
export let stampNanos: u32 = 0;

// @ts-ignore: decorator
@inline
/** The value of two digits, or 100 and more. */
function twoDigits(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 48;
  const ones = <u32>load<u8>(at, 1) - 48;
  return tens < 10 && ones < 10 ? tens * 10 + ones : 100;
}

function monthLength(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return 30 + ((month + (month >> 3)) & 1);
}

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar, years 0 to 9999. */
function daysFromCivil(year: u32, month: u32, day: u32): i64 {
  // Years begin in March, so that the leap day is their last.
  const y = <i64>year - (month <= 2 ? 1 : 0);
  const era = (y >= 0 ? y : y - 399) / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = <i64>((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1);
  return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

/** Reads the text by the program into `stampMicros` and `stampNanos`; false when the host is to look at it. */
export function readTimestamp(program: usize, at: usize, end: usize): bool {
  let year: u32 = 1970;
  let month: u32 = 1;
  let day: u32 = 1;
  let hour: u32 = 0;
  let minute: u32 = 0;
  let second: u32 = 0;
  let nanos: u32 = 0;
  let offset = load<i64>(program, OFFSET);
  let hasZone = false;
  let operation = program + OPERATIONS;
  for (;;) {
    const code: u32 = load<u8>(operation++);
    switch (code) {
      case END: {
        if (at != end) return false;
        if (day > 28 && day > monthLength(year, month)) return false;
        const seconds = daysFromCivil(year, month, day) * 86400 + <i64>(hour * 3600 + minute * 60 + second) - offset;
        if (!hasZone && (seconds < load<i64>(program, FROM) || seconds > load<i64>(program, UNTIL))) return false;
        const micros = nanos / 1000;
        stampMicros = seconds * 1000000 + <i64>micros;
        stampNanos = nanos - micros * 1000;
        return true;
      }
      case LITERAL:
        if (load<u8>(at) != load<u8>(operation++)) return false;
        at += 1;
        break;
      case BLANK:
        if (load<u8>(at) != 32) return false;
        at += 1;
        if (load<u8>(at) <= 32) return false;
        break;
      case YEAR: {
        const century = twoDigits(at);
        const rest = twoDigits(at + 2);
        if (century > 99 || rest > 99) return false;
        year = century * 100 + rest;
        at += 4;
        break;
      }
      case UTC_IF_ANY:
        if (at + 3 == end && (load<u32>(at) & 0xffffff) == 0x30302b) at = end;
        break;
      case FRACTION_IF_ANY:
        if (load<u8>(at) != 46) break;
        at += 1;
      // falls through
      case FRACTION: {
        const word = load<u64>(at);
        const count = digitCount(word);
        if (count == 0) return false;
        let value = appendDigits(0, word, count);
        at += count;
        let digits = count;
        if (count == 8 && <u32>load<u8>(at) - 48 < 10) {
          value = value * 10 + <u64>(load<u8>(at) - 48);
          digits = 9;
          at += 1;
          if (<u32>load<u8>(at) - 48 < 10) return false;
        }
        nanos = <u32>(value * powerOfTen(9 - digits));
        break;
      }
      case ZONE: {
        const found = zoneOffset(at, end);
        if (found == NO_ZONE) return false;
        offset = found;
        hasZone = true;
        at = end;
        break;
      }
      default: {
        const value = twoDigits(at);
        at += 2;
        if (code == MONTH) {
          if (value - 1 > 11) return false;
          month = value;
        } else if (code == DAY) {
          if (value - 1 > 30) return false;
          day = value;
        } else if (code == HOUR) {
          if (value > 23) return false;
          hour = value;
        } else {
          if (value > 59) return false;
          if (code == MINUTE) minute = value;
          else second = value;
        }
      }
    }
    if (at > end) break;
  }
  return false;
}

const NO_ZONE: i64 = i64.MAX_VALUE;

function zoneOffset(at: usize, end: usize): i64 {
  const length = end - at;
  const first: u32 = load<u8>(at);
  if (length == 1 && first == 90) return 0;
  if (length == 3 && (load<u32>(at) & 0xffffff) == 0x435455) return 0;
  if (first != 43 && first != 45) return NO_ZONE;
  const hasColon = length == 6 && load<u8>(at, 3) == 58;
  if (length != 5 && !hasColon) return NO_ZONE;
  const hours = twoDigits(at + 1);
  const minutes = twoDigits(at + (hasColon ? 4 : 3));
  if (hours > 17 || minutes > 59) return NO_ZONE;
  const size = <i64>((hours * 60 + minutes) * 60);
  return first == 45 ? 0 - size : size;
}
