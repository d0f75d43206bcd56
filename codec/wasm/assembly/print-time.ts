// Timestamps to text by templates that the host makes from formats (codec/wasm/time-printing.ts): the text of every
// time in a zone's stretch of one offset, with fixed places for its numbers.
//
// Templates of a format lie in a table, one for each stretch that has been met so far, ended by one of length 0.
import { COLUMN_PROGRAM } from './layout';
import { eightDigitsText } from './print-numbers';
import { powerOfTen } from './digits';

// A template: 128 bytes. Seconds east of UTC, and the first and last epoch second for which that holds (i64 each).
const OFFSET: usize = 0;
const FROM: usize = 8;
const UNTIL: usize = 16;
// Where the numbers stand, a byte each; what the format does not have stands behind its text.
const YEAR: usize = 24;
const MONTH: usize = 25;
const DAY: usize = 26;
const HOUR: usize = 27;
const MINUTE: usize = 28;
const SECOND: usize = 29;
const FRACTION: usize = 30;
const FRACTION_DIGITS: usize = 31;
const LENGTH: usize = 32;
/** Where the table begins. */
const TABLE: usize = 36;
const TEXT: usize = 40;
const TEMPLATE_SIZE: usize = 128;

/** From 0000-03-01 to the beginning of 1970. */
const DAYS_BEFORE_EPOCH: i64 = 719468;
/** A cycle of the calendar, that keeps the days of year 0 from being negative. */
const CYCLE_DAYS: i64 = 146097;
// Local seconds of the years 0 to 9999.
const SECONDS_FIRST: i64 = -62167219200;
const SECONDS_LAST: i64 = 253402300799;

// @ts-ignore: decorator
@inline
function storeTwo(at: usize, value: u32): void {
  const tens = (value * 103) >> 10;
  store<u16>(at, <u16>(0x3030 + tens + ((value - tens * 10) << 8)));
}

/** The template for the second, which the column then begins with; 0 when there is none. */
function otherTemplate(column: usize, seconds: i64): usize {
  let template: usize = load<u32>(load<u32>(column, COLUMN_PROGRAM), TABLE);
  while (load<u32>(template, LENGTH)) {
    if (seconds >= load<i64>(template, FROM) && seconds <= load<i64>(template, UNTIL)) {
      store<u32>(column, <u32>template, COLUMN_PROGRAM);
      return template;
    }
    template += TEMPLATE_SIZE;
  }
  return 0;
}

/** The instant as the column prints it; returns the end, or 0 for the host. Up to 128 bytes are stored. */
export function printTime(column: usize, micros: i64, above: u32, out: usize): usize {
  let seconds = micros / 1000000;
  let rest = <i32>(micros - seconds * 1000000);
  if (rest < 0) {
    seconds -= 1;
    rest += 1000000;
  }
  let template: usize = load<u32>(column, COLUMN_PROGRAM);
  if (seconds < load<i64>(template, FROM) || seconds > load<i64>(template, UNTIL)) {
    template = otherTemplate(column, seconds);
    if (!template) return 0;
  }
  const local = seconds + load<i64>(template, OFFSET);
  if (local < SECONDS_FIRST || local > SECONDS_LAST) return 0;
  const length: usize = load<u32>(template, LENGTH);
  for (let index: usize = 0; index < length; index += 16) v128.store(out + index, v128.load(template + index, TEXT));

  // The fraction is stored with nine digits; the text behind it comes again, and numbers only after that.
  const digits: u32 = load<u8>(template, FRACTION_DIGITS);
  if (digits) {
    const place: usize = load<u8>(template, FRACTION);
    const nanos = <u32>rest * 1000 + above;
    store<u64>(out + place, eightDigitsText(nanos / 10));
    store<u8>(out + place, <u8>(48 + (nanos % 10)), 8);
    v128.store(out + place + digits, v128.load(template + place + digits, TEXT));
  }

  const shifted = local + (DAYS_BEFORE_EPOCH + CYCLE_DAYS) * 86400;
  const days = <u32>(shifted / 86400);
  const time = <u32>(shifted - <i64>days * 86400);
  // Years begin in March; centuries, years and months by multiplication with the lengths of their cycles (C. Neri,
  // L. Schneider: Euclidean affine functions and their application to calendar algorithms).
  const centuries = (days * 4 + 3) / 146097;
  const centuryDay = (days * 4 + 3 - centuries * 146097) / 4;
  const product = <u64>(centuryDay * 4 + 3) * 2939745;
  const yearDay = <u32>product / 2939745 / 4;
  const monthAndDay = 2141 * yearDay + 197913;
  const isNextYear: u32 = yearDay >= 306 ? 1 : 0;
  // The year is 0 to 9999: the cycle added above is at most taken away again.
  const year = centuries * 100 + <u32>(product >> 32) + isNextYear - 400;
  const month = (monthAndDay >> 16) - 12 * isNextYear;
  const day = (monthAndDay & 0xffff) / 2141 + 1;
  const minutes = time / 60;
  const hour = minutes / 60;
  const century = year / 100;
  const yearPlace = out + load<u8>(template, YEAR);
  storeTwo(yearPlace, century);
  storeTwo(yearPlace + 2, year - century * 100);
  storeTwo(out + load<u8>(template, MONTH), month);
  storeTwo(out + load<u8>(template, DAY), day);
  storeTwo(out + load<u8>(template, HOUR), hour);
  storeTwo(out + load<u8>(template, MINUTE), minutes - hour * 60);
  storeTwo(out + load<u8>(template, SECOND), time - minutes * 60);
  return out + length;
}
