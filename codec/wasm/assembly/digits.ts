// Eight ASCII digits at a time (SWAR), and powers of ten.

// @ts-ignore: decorator
@inline
/** The value of eight ASCII digits, the first in the lowest byte. */
export function eightDigits(word: u64): u64 {
  word -= 0x3030303030303030;
  word = word * 10 + (word >> 8);
  const even = (word & 0x000000ff000000ff) * 0x000f424000000064;
  const odd = ((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (even + odd) >> 32;
}

// @ts-ignore: decorator
@inline
/** How many of the eight bytes, from the lowest, are digits. */
export function digitCount(word: u64): u32 {
  const distance = word ^ 0x3030303030303030;
  const others = (distance | (distance + 0x7676767676767676)) & 0x8080808080808080;
  return others ? <u32>ctz(others) >> 3 : 8;
}

const POWERS = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
  10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
]);
const FLOAT_POWERS = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);

// @ts-ignore: decorator
@inline
/** 10 to the power of 0 to 18. */
export function powerOfTen(exponent: u32): u64 {
  return load<u64>(POWERS + (<usize>exponent << 3));
}

// @ts-ignore: decorator
@inline
/** 10 to the power of 0 to 15. */
export function floatPowerOfTen(exponent: u32): f64 {
  return load<f64>(FLOAT_POWERS + (<usize>exponent << 3));
}

// @ts-ignore: decorator
@inline
/** Appends `count` (1 to 8) digits, the first `count` bytes of the word, to the value. */
export function appendDigits(value: u64, word: u64, count: u32): u64 {
  const shift = <u64>((8 - count) << 3);
  // Digits move to the high bytes; zeros fill the low ones.
  const padded = count == 8 ? word : (word << shift) | (0x3030303030303030 >> <u64>(count << 3));
  return value * powerOfTen(count) + eightDigits(padded);
}
