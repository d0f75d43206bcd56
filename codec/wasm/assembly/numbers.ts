// Numbers from text, the way Java reads them, as far as that is simple; everything else is left to the host.
// Reading goes on as far as the number does: the caller checks that it ends where the cell ends.
import { appendDigits, digitCount, eightDigits, floatPowerOfTen } from './digits';
import { CELL_CANONICAL } from './layout';

/** The number read last: its value, and CELL_CANONICAL when its text is what printing it gives. */
export let longValue: i64 = 0;
export let doubleValue: f64 = 0;
export let numberFlags: u32 = 0;
/** Of a double: bytes at its end that printing it would not give, zeros of the fraction. */
export let surplusZeros: u32 = 0;
/** Of a double without a fraction: printing it would add ".0". */
export let lacksFraction: bool = false;

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

// @ts-ignore: decorator
@inline
/** Reads a long at `at`: a sign and 1 to 18 digits. Returns the end, or 0. */
export function readLong(at: usize): usize {
  let first: u32 = load<u8>(at);
  const isNegative = first == 45;
  let flags = CELL_CANONICAL;
  if (isNegative) first = load<u8>(++at);
  else if (first == 43) {
    flags = 0;
    first = load<u8>(++at);
  }
  // "007" and "-0" print otherwise.
  if (first == 48 && (isNegative || isDigit(load<u8>(at, 1)))) flags = 0;
  let word = load<u64>(at);
  let count = digitCount(word);
  let value: u64 = 0;
  let digits: u32 = 0;
  if (count == 8) {
    value = eightDigits(word);
    at += 8;
    digits = 8;
    word = load<u64>(at);
    count = digitCount(word);
    if (count == 8) {
      value = value * 100000000 + eightDigits(word);
      at += 8;
      digits = 16;
      word = load<u64>(at);
      count = digitCount(word);
    }
  }
  if (count != 0) {
    value = appendDigits(value, word, count);
    at += count;
    digits += count;
  }
  if (digits - 1 > 17) return 0;
  longValue = isNegative ? 0 - <i64>value : <i64>value;
  numberFlags = flags;
  return at;
}

// @ts-ignore: decorator
@inline
/**
 * Reads a double at `at`: a sign, digits, and perhaps a point and digits, 15 of them together. Returns the end, or 0.
 * The mantissa is below 2^53 and the power of ten at most 1e15, both exact, so that one division rounds correctly.
 */
export function readDouble(at: usize): usize {
  const isNegative = load<u8>(at) == 45;
  if (isNegative) at += 1;
  const from = at;
  let word = load<u64>(at);
  let count = digitCount(word);
  let value: u64 = 0;
  if (count == 8) {
    value = eightDigits(word);
    at += 8;
    word = load<u64>(at);
    count = digitCount(word);
    if (count == 8) return 0;
  }
  if (count != 0) {
    value = appendDigits(value, word, count);
    at += count;
  }
  const whole = <u32>(at - from);
  let fraction: u32 = 0;
  const hasPoint = load<u8>(at) == 46;
  surplusZeros = 0;
  if (hasPoint) {
    at += 1;
    const pointEnd = at;
    word = load<u64>(at);
    count = digitCount(word);
    if (count == 8) {
      value = value * 100000000 + eightDigits(word);
      at += 8;
      word = load<u64>(at);
      count = digitCount(word);
      if (count == 8) return 0;
    }
    if (count != 0) {
      value = appendDigits(value, word, count);
      at += count;
    }
    fraction = <u32>(at - pointEnd);
    if (fraction > 1 && load<u8>(at - 1) == 48) {
      let zeros: u32 = 1;
      while (zeros + 1 < fraction && load<u8>(at - 1 - zeros) == 48) zeros += 1;
      surplusZeros = zeros;
    }
  }
  if (whole + fraction - 1 > 14) return 0;
  const size = <f64>value / floatPowerOfTen(fraction);
  doubleValue = isNegative ? -size : size;
  // Java prints from 1e-3 up to 1e7 without an exponent, with at least one digit on each side of the point.
  const isPlain = (size >= 1e-3 && size < 1e7) || value == 0;
  const isShort = whole == 1 || (whole > 1 && load<u8>(from) != 48);
  numberFlags = isPlain && isShort && !(hasPoint && fraction == 0) ? CELL_CANONICAL : 0;
  lacksFraction = !hasPoint;
  return at;
}

// @ts-ignore: decorator
@inline
/** 1 when the text is one of the words for true (codec/number/boolean.ts), else 0. */
export function readBoolean(at: usize, length: u32): u8 {
  if (length - 1 > 3) return 0;
  const word = load<u32>(at) & (0xffffffff >> ((4 - length) << 3));
  switch (length) {
    case 1: // t T y Y 1
      return (word | 0x20) == 0x74 || (word | 0x20) == 0x79 || word == 0x31 ? 1 : 0;
    case 2: // on On ON
      return word == 0x6e6f || word == 0x6e4f || word == 0x4e4f ? 1 : 0;
    case 3: // yes Yes YES
      return word == 0x736579 || word == 0x736559 || word == 0x534559 ? 1 : 0;
    default: // true True TRUE
      return word == 0x65757274 || word == 0x65757254 || word == 0x45555254 ? 1 : 0;
  }
}
