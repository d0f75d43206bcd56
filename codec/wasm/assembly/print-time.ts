// Timestamps to text by templates that the host makes from formats (codec/wasm/time-printing.ts): the text of every
// time in a zone's stretch of one offset. Each block of 16 bytes is put together from the digits of the date and time,
// those of the fraction, and text.
//
// Templates of a format lie in a table, one for each stretch that has been met so far, ended by one of length 0.
import { COLUMN_PROGRAM } from './layout';

// A template. Microseconds east of UTC, and the first and last instant for which that holds (i64 each).
const OFFSET: usize = 0;
const FROM: usize = 8;
const UNTIL: usize = 16;
const LENGTH: usize = 24;
/** Where the table begins. */
const TABLE: usize = 28;
const HAS_FRACTION: usize = 32;
/**
 * Where dates found before lie, by the low bits of their days: most tables keep within a few years, and finding a date
 * takes a third of the time. Eight bytes each: the date, and its days. Zeros at first, which no day has.
 */
const DATES: usize = 36;
const DATES_MASK: u32 = 2047;
/** Of each block: text, where its digits are in the date and time, and where in the fraction (128: nowhere). */
const BLOCKS: usize = 48;
const BLOCK_SIZE: usize = 48;
const TEMPLATE_SIZE: usize = 288;

const DAY_MICROS: u64 = 86400000000;
/** Days from 0000-03-01 to the beginning of 1970, and a cycle of the calendar that keeps those of year 0 positive. */
const DAYS_BEFORE_EPOCH: u64 = 719468 + 146097;
// Of the years 0 to 9999, in local microseconds since then.
const LOCAL_FIRST: u64 = DAYS_BEFORE_EPOCH * DAY_MICROS - 62167219200000000;
const LOCAL_COUNT: u64 = 3652425 * DAY_MICROS;

/** The template for the instant, which the column then begins with; 0 when there is none. */
function otherTemplate(column: usize, micros: i64): usize {
  let template: usize = load<u32>(load<u32>(column, COLUMN_PROGRAM), TABLE);
  while (load<u32>(template, LENGTH)) {
    if (micros >= load<i64>(template, FROM) && micros <= load<i64>(template, UNTIL)) {
      store<u32>(column, <u32>template, COLUMN_PROGRAM);
      return template;
    }
    template += TEMPLATE_SIZE;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
/** Century, year, month and day, a byte each. */
function dateOf(days: u32, dates: usize): u32 {
  const known = dates + (<usize>(days & DATES_MASK) << 3);
  if (load<u32>(known, 4) == days) return load<u32>(known);
  const date = findDate(days);
  store<u32>(known, date);
  store<u32>(known, days, 4);
  return date;
}

function findDate(days: u32): u32 {
  // Years begin in March; centuries, years and months by multiplication with the lengths of their cycles (C. Neri,
  // L. Schneider: Euclidean affine functions and their application to calendar algorithms).
  const centuries = (days * 4 + 3) / 146097;
  const centuryDay = (days * 4 + 3 - centuries * 146097) / 4;
  const product = <u64>(centuryDay * 4 + 3) * 2939745;
  const yearDay = <u32>product / 2939745 / 4;
  const monthAndDay = 2141 * yearDay + 197913;
  const isNextYear: u32 = yearDay >= 306 ? 1 : 0;
  // The cycle that was added is taken away again.
  const year = centuries * 100 + <u32>(product >> 32) + isNextYear - 400;
  const month = (monthAndDay >> 16) - 12 * isNextYear;
  const day = (monthAndDay & 0xffff) / 2141 + 1;
  const century = year / 100;
  return century | ((year - century * 100) << 8) | (month << 16) | (day << 24);
}

// @ts-ignore: decorator
@inline
/** Eight numbers below 100, a byte each, as two digits each. */
function pairDigits(numbers: u64): v128 {
  const pairs = i16x8.extend_low_i8x16_u(i64x2.splat(numbers));
  const tens = i16x8.shr_u(i16x8.mul(pairs, i16x8.splat(103)), 10);
  const ones = i16x8.sub(pairs, i16x8.mul(tens, i16x8.splat(10)));
  return v128.or(v128.or(tens, i16x8.shl(ones, 8)), i8x16.splat(48));
}

// @ts-ignore: decorator
@inline
/** Century, year, month, day, hour, minute and second, two digits each. */
function dateDigits(days: u32, time: u32, dates: usize): v128 {
  const minutes = time / 60;
  const hour = minutes / 60;
  const clock = hour | ((minutes - hour * 60) << 8) | ((time - minutes * 60) << 16);
  return pairDigits(<u64>dateOf(days, dates) | (<u64>clock << 32));
}

// @ts-ignore: decorator
@inline
/** Nine digits. */
function fractionDigits(micros: u32, above: u32): v128 {
  const high = micros / 10000;
  const rest = micros - high * 10000;
  const middle = rest / 100;
  const tens = above / 10;
  const first = high | (middle << 8) | ((rest - middle * 100) << 16) | (tens << 24);
  return pairDigits(<u64>first | (<u64>((above - tens * 10) * 10) << 32));
}

// @ts-ignore: decorator
@inline
/** The instant as the column prints it; returns the end, or 0 for the host. Up to 96 bytes are stored. */
export function printTime(column: usize, micros: i64, above: u32, out: usize): usize {
  let template: usize = load<u32>(column, COLUMN_PROGRAM);
  if (micros < load<i64>(template, FROM) || micros > load<i64>(template, UNTIL)) {
    template = otherTemplate(column, micros);
    if (!template) return 0;
  }
  const local = <u64>(micros + load<i64>(template, OFFSET)) + DAYS_BEFORE_EPOCH * DAY_MICROS;
  if (local - LOCAL_FIRST >= LOCAL_COUNT) return 0;
  const days = <u32>(local / DAY_MICROS);
  const rest = local - <u64>days * DAY_MICROS;
  // The division by a million, in 32 bits.
  const time = <u32>(rest >> 6) / 15625;
  const date = dateDigits(days, time, load<u32>(template, DATES));
  const fraction = load<u32>(template, HAS_FRACTION)
    ? fractionDigits(<u32>rest - time * 1000000, above)
    : i64x2.splat(0);
  const length: usize = load<u32>(template, LENGTH);
  let block = template + BLOCKS;
  for (let index: usize = 0; index < length; index += 16) {
    const digits = v128.or(
      i8x16.swizzle(date, v128.load(block, 16)),
      i8x16.swizzle(fraction, v128.load(block, 32)),
    );
    v128.store(out + index, v128.or(digits, v128.load(block)));
    block += BLOCK_SIZE;
  }
  return out + length;
}
