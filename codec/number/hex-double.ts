/** Hexadecimal floating-point texts (`0x1.8p1`), rounded to the nearest double, ties to even. */

const pattern = /^([-+]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))[pP]([-+]?\d+)[fFdD]?$/;
/** Exponents beyond this are certainly zero or infinite, whatever the digits (their number is bounded by the cell). */
const EXPONENT_LIMIT = 1_000_000_000;
const MANTISSA_BITS = 53;
const EXPONENT_MIN = -1074;
const EXPONENT_MAX = 1023;

/** The number, or undefined when the text is not of that form. */
export function parseHexDouble(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', onlyFraction = '', power = ''] = match;
  const digits = whole + fraction + onlyFraction;
  const exponent = Number(power) - 4 * (fraction.length + onlyFraction.length);
  const size = scaled(BigInt(`0x${digits}`), Math.max(-EXPONENT_LIMIT, Math.min(EXPONENT_LIMIT, exponent)));
  return sign === '-' ? -size : size;
}

/** `mantissa · 2^exponent`, rounded once. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  const top = bits + exponent - 1;
  if (top > EXPONENT_MAX) return Number.POSITIVE_INFINITY;
  if (top < EXPONENT_MIN - 1) return 0;
  // Below the normal range fewer bits are left.
  const lowest = Math.max(top - (MANTISSA_BITS - 1), EXPONENT_MIN);
  const shift = lowest - exponent;
  const rounded = shift <= 0 ? mantissa << BigInt(-shift) : roundShift(mantissa, BigInt(shift));
  // Two exact steps: the smallest powers of two are no doubles by themselves when taken in one.
  const half = Math.trunc(lowest / 2);
  return Number(rounded) * 2 ** half * 2 ** (lowest - half);
}

function roundShift(value: bigint, shift: bigint): bigint {
  const floor = value >> shift;
  const rest = value - (floor << shift);
  const half = 1n << (shift - 1n);
  const isUp = rest > half || (rest === half && (floor & 1n) === 1n);
  return isUp ? floor + 1n : floor;
}
