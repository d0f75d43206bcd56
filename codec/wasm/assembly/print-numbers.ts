// Numbers to text as Java prints them, as far as that is simple; everything else is left to the host. Up to 32 bytes
// are stored behind `out`.
import { floatPowerOfTen, powerOfTen } from './digits';

// @ts-ignore: decorator
@inline
/** Eight digits with leading zeros, the first in the lowest byte, as values from 0 to 9. */
function spreadDigits(value: u32): u64 {
  const high = value / 10000;
  const halves = <u64>high | (<u64>(value - high * 10000) << 32);
  const hundreds = ((halves * 10486) >> 20) & 0x0000007f0000007f;
  const pairs = ((halves - hundreds * 100) << 16) | hundreds;
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  return ((pairs - tens * 10) << 8) | tens;
}

// @ts-ignore: decorator
@inline
/** The same as text. */
export function eightDigitsText(value: u32): u64 {
  return spreadDigits(value) | 0x3030303030303030;
}

// @ts-ignore: decorator
@inline
/** 1 to 8 digits; returns the end. */
function printShort(value: u32, out: usize): usize {
  const digits = spreadDigits(value);
  // Zero has one digit as well: the mark in the last byte ends the count.
  const zeros = <u64>ctz(digits | 0x0100000000000000) & 0x38;
  store<u64>(out, (digits | 0x3030303030303030) >> zeros);
  return out + 8 - <usize>(zeros >> 3);
}

// @ts-ignore: decorator
@inline
function printUnsigned(value: u64, out: usize): usize {
  if (value < 100000000) return printShort(<u32>value, out);
  if (value < 10000000000000000) {
    const high = value / 100000000;
    out = printShort(<u32>high, out);
    store<u64>(out, eightDigitsText(<u32>(value - high * 100000000)));
    return out + 8;
  }
  const highest = value / 10000000000000000;
  const rest = value - highest * 10000000000000000;
  const high = rest / 100000000;
  out = printShort(<u32>highest, out);
  store<u64>(out, eightDigitsText(<u32>high));
  store<u64>(out, eightDigitsText(<u32>(rest - high * 100000000)), 8);
  return out + 16;
}

/** Returns the end. */
export function printLong(value: i64, out: usize): usize {
  store<u8>(out, 45);
  // The smallest number is its own negative, and right as an unsigned one.
  return value < 0 ? printUnsigned(0 - <u64>value, out + 1) : printUnsigned(<u64>value, out);
}

// @ts-ignore: decorator
@inline
/** Decimal digits of the number, 0 for 0; below 10^18. */
function digitLength(value: u64): u32 {
  const estimate = <u32>(((64 - clz(value)) * 1233) >> 12);
  return estimate + (value >= powerOfTen(estimate) ? 1 : 0);
}

// @ts-ignore: decorator
@inline
/** The first 16 digits behind a point, less the zeros at their end but at least one; returns the end. */
function printFraction(digits: u64, out: usize): usize {
  const high = digits / 100000000;
  const first = eightDigitsText(<u32>high);
  const second = eightDigitsText(<u32>(digits - high * 100000000));
  store<u64>(out, first);
  store<u64>(out, second, 8);
  if (second != 0x3030303030303030) return out + 16 - <usize>(clz(second ^ 0x3030303030303030) >> 3);
  const zeros = <usize>(clz(first ^ 0x3030303030303030) >> 3);
  return out + (zeros == 8 ? 1 : 8 - zeros);
}

/**
 * Prints the double when it has at most 15 significant digits and is not tiny; returns the end, or 0 for the host.
 *
 * No two decimals of up to 15 digits are the same double: one that divides to the value is the shortest there is.
 * With a mantissa below 1e15 and an exact power of ten the product is off by less than a quarter, so that rounding
 * finds the mantissa, and the division is exactly rounded.
 */
export function printDouble(value: f64, out: usize): usize {
  const size = abs(value);
  store<u8>(out, 45);
  out += <usize>(reinterpret<u64>(value) >> 63);
  if (size == 0) {
    store<u32>(out, 0x302e30);
    return out + 3;
  }
  if (!(size >= 1e-3 && size < 1e15)) return 0;
  const whole = <u64>size;
  const places = 15 - digitLength(whole);
  const power = floatPowerOfTen(places);
  const scaled = nearest(size * power);
  if (scaled >= 1e15 || scaled / power != size) return 0;
  const mantissa = <u64>scaled;
  if (size < 1e7) {
    out = printShort(<u32>whole, out);
    store<u8>(out, 46);
    return printFraction((mantissa - whole * powerOfTen(places)) * powerOfTen(16 - places), out + 1);
  }
  // One digit, a point, the others, and the exponent: 7 to 14.
  const first = mantissa / 100000000000000;
  store<u16>(out, <u16>(0x2e30 + first));
  out = printFraction((mantissa - first * 100000000000000) * 100, out + 2);
  const exponent = 14 - places;
  store<u8>(out, 69);
  return printShort(exponent, out + 1);
}
