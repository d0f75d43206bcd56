// Numbers from text, the way Java reads them, as far as that is simple; everything else is left to the host.
// Reading goes on as far as the number does: the caller checks that it ends where the cell ends.
import { floatPowerOfTen, powerOfTen } from './digits';
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
/** The positions 0 to 15, as bytes. */
function positions(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

// @ts-ignore: decorator
@inline
/** The value of 16 digits, one a byte, the first in the lowest. */
function sixteenDigits(digits: v128): u64 {
  const tens = i16x8(10, 1, 10, 1, 10, 1, 10, 1);
  const hundreds = i16x8(100, 1, 100, 1, 100, 1, 100, 1);
  const tenThousands = i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(digits), tens);
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(digits), tens);
  const fours = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(low, high), hundreds);
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), tenThousands);
  return <u64>i32x4.extract_lane(eights, 0) * 100000000 + <u64>i32x4.extract_lane(eights, 1);
}

// @ts-ignore: decorator
@inline
/**
 * Reads a long at `at`: a sign and 1 to 18 digits. Returns the end, or 0. Up to 15 digits take the same steps however
 * many they are: lengths that vary cost no wrong guesses of the processor.
 */
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
  const digits = i8x16.sub(v128.load(at), i8x16.splat(48));
  const others = ~i8x16.bitmask(i8x16.lt_u(digits, i8x16.splat(10))) & 0xffff;
  let value: u64;
  if (others) {
    const count = ctz(others);
    if (count == 0) return 0;
    // The last digit goes to the last byte; what is before the first becomes zero.
    value = sixteenDigits(i8x16.swizzle(digits, i8x16.add(positions(), i8x16.splat(<i8>(count - 16)))));
    at += count;
  } else {
    value = sixteenDigits(digits);
    at += 16;
    for (let more = 0; isDigit(load<u8>(at)); more++) {
      if (more == 2) return 0;
      value = value * 10 + (load<u8>(at) - 48);
      at += 1;
    }
  }
  longValue = isNegative ? 0 - <i64>value : <i64>value;
  numberFlags = flags;
  return at;
}

// @ts-ignore: decorator
@inline
/**
 * Reads a double at `at`: a sign, digits, and perhaps a point and digits, 15 of them together, all within 16 bytes.
 * Returns the end, or 0. The mantissa is below 2^53 and the power of ten at most 1e15, both exact, so that one
 * division rounds correctly.
 */
export function readDouble(at: usize): usize {
  const isNegative = load<u8>(at) == 45;
  if (isNegative) at += 1;
  const digits = i8x16.sub(v128.load(at), i8x16.splat(48));
  const others = ~i8x16.bitmask(i8x16.lt_u(digits, i8x16.splat(10))) & 0xffff;
  if (!others) return 0;
  const whole = ctz(others);
  const hasPoint = load<u8>(at + whole) == 46;
  let length = whole;
  let fraction: u32 = 0;
  if (hasPoint) {
    const behind = others & (others - 1);
    if (!behind) return 0;
    length = ctz(behind);
    fraction = length - whole - 1;
  }
  const count = whole + fraction;
  if (count == 0) return 0;
  // As in `readLong`, and the point is passed over.
  const order = i8x16.add(positions(), i8x16.splat(<i8>(count - 16)));
  const value = sixteenDigits(
    i8x16.swizzle(digits, i8x16.sub(order, i8x16.ge_s(order, i8x16.splat(<i8>whole)))),
  );
  const end = at + length;
  surplusZeros = 0;
  if (fraction > 1 && load<u8>(end - 1) == 48) {
    let zeros: u32 = 1;
    while (zeros + 1 < fraction && load<u8>(end - 1 - zeros) == 48) zeros += 1;
    surplusZeros = zeros;
  }
  const size = <f64>value / floatPowerOfTen(fraction);
  doubleValue = isNegative ? -size : size;
  // Java prints from 1e-3 up to 1e7 without an exponent, with at least one digit on each side of the point.
  const isPlain = whole <= 7 && (value * 1000 >= powerOfTen(fraction) || value == 0);
  const isShort = whole == 1 || (whole > 1 && load<u8>(at) != 48);
  numberFlags = isPlain && isShort && !(hasPoint && fraction == 0) ? CELL_CANONICAL : 0;
  lacksFraction = !hasPoint;
  return end;
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
