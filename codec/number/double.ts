/** Floating-point numbers as Java reads and prints them: `Double.parseDouble`, `Double.toString`. */
import { CELL_CANONICAL } from '#spi/batch.ts';
import { parseHexDouble } from './hex-double.ts';

const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[fFdD]?$/;
const words: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '+NaN': Number.NaN,
  '-NaN': Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '+Infinity': Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/**
 * The number, or undefined when the text is none. White space (up to U+0020) around it, a suffix `f` or `d`, and
 * hexadecimal forms are allowed; too large a number is infinite.
 */
export function parseDouble(text: string): number | undefined {
  const trimmed = trimJava(text);
  if (decimal.test(trimmed)) return Number(trimmed.replace(/[fFdD]$/, ''));
  return Object.hasOwn(words, trimmed) ? words[trimmed] : parseHexDouble(trimmed);
}

/**
 * The shortest decimal that reads back as the same number, in Java's notation: `1.0`, `1.0E7`, `1.0E-4`, `NaN`.
 * Digits as printed since Java 19.
 */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return scientific(value);
}

function scientific(value: number): string {
  // Java's shortest digits have at least two of them: 4.9E-324, not 5E-324.
  if (Math.abs(value) === Number.MIN_VALUE) return value > 0 ? '4.9E-324' : '-4.9E-324';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
/** A mantissa below 2^53 and a power of ten up to 1e22 are both exact: one division rounds correctly. */
const MANTISSA_DIGITS_MAX = 15;

/**
 * Reads the UTF-8 text `bytes[start, end)` into `out[index]`. Returns -1 when it is not a number, else flags for the
 * cell: CELL_CANONICAL when the text is what printing the number gives.
 */
// oxlint-disable-next-line complexity -- a hot loop without calls
export function readDouble(bytes: Uint8Array, start: number, end: number, out: Float64Array, index: number): number {
  let at = start;
  const isNegative = bytes[at] === 0x2d;
  if (isNegative) at += 1;
  const digitsFrom = at;
  let mantissa = 0;
  let point = -1;
  // Bounded by the digits that are exact; everything unusual goes the slow way.
  if (end - at > MANTISSA_DIGITS_MAX + 1) return readDoubleSlowly(bytes, start, end, out, index);
  for (; at < end; at++) {
    const byte = bytes[at] as number; // within the range given
    const digit = byte - 0x30;
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
    else if (byte === 0x2e && point < 0) point = at;
    else return readDoubleSlowly(bytes, start, end, out, index);
  }
  const digits = end - digitsFrom - (point < 0 ? 0 : 1);
  if (digits === 0 || digits > MANTISSA_DIGITS_MAX) return readDoubleSlowly(bytes, start, end, out, index);
  const fraction = point < 0 ? 0 : end - point - 1;
  const size = mantissa / (powersOfTen[fraction] as number); // at most 15 fraction digits
  out[index] = isNegative ? -size : size;
  const isCanonical =
    fraction > 0 &&
    point > digitsFrom &&
    size >= 1e-3 &&
    size < 1e7 &&
    (bytes[end - 1] !== 0x30 || fraction === 1) &&
    (bytes[digitsFrom] !== 0x30 || point === digitsFrom + 1);
  return isCanonical ? CELL_CANONICAL : 0;
}

function readDoubleSlowly(bytes: Uint8Array, start: number, end: number, out: Float64Array, index: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  const value = parseDouble(text);
  if (value === undefined) return -1;
  out[index] = value;
  return 0;
}

/** Java's String.trim: everything up to U+0020 counts as white space. */
function trimJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
