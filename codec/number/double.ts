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
const ZERO = 0x30;
/** The point, seen as a digit. */
const POINT = 0x2e - ZERO;

/** Where doubles and the texts they come from go, by row. */
export interface DoubleCells {
  readonly cells: Uint32Array;
  readonly doubles: Float64Array;
}

/**
 * Reads the number that begins at `start` into the row: a minus or none, and at most 15 ASCII digits with a point or
 * without, up to `end` or another byte. Returns the position behind it, or -1 when it is not of this kind.
 */
export function scanDouble(bytes: Uint8Array, start: number, end: number, out: DoubleCells, row: number): number {
  const isNegative = bytes[start] === 0x2d;
  const from = isNegative ? start + 1 : start;
  let at = from;
  let mantissa = 0;
  let point = -1;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO; // within the range given
    if (digit >>> 0 <= 9) mantissa = mantissa * 10 + digit;
    else if (digit === POINT && point < 0) point = at;
    else break;
  }
  const digits = point < 0 ? at - from : at - from - 1;
  if (digits === 0 || digits > MANTISSA_DIGITS_MAX) return -1;
  const fraction = point < 0 ? 0 : at - point - 1;
  const size = mantissa / (powersOfTen[fraction] as number); // at most 15 fraction digits
  out.doubles[row] = isNegative ? -size : size;
  // Java prints a fraction always, but no needless zeros, and an exponent outside these bounds.
  const isCanonical =
    point > from && at - point > 1 && size >= 1e-3 && size < 1e7 && !hasNeedlessZero(bytes, from, point, at);
  out.cells[row * 2] = start;
  out.cells[row * 2 + 1] = isCanonical ? (at - start) | CELL_CANONICAL : at - start;
  return at;
}

/** Whether the number begins or ends with a zero that does not stand alone on its side of the point. */
function hasNeedlessZero(bytes: Uint8Array, from: number, point: number, end: number): boolean {
  return (bytes[end - 1] === ZERO && end - point > 2) || (bytes[from] === ZERO && point > from + 1);
}

/** Reads the UTF-8 text `bytes[start, end)` into the row. Returns false when it is not a number. */
export function readDouble(bytes: Uint8Array, start: number, end: number, out: DoubleCells, row: number): boolean {
  if (scanDouble(bytes, start, end, out, row) === end) return true;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  const value = parseDouble(text);
  if (value === undefined) return false;
  out.doubles[row] = value;
  out.cells[row * 2] = start;
  out.cells[row * 2 + 1] = end - start;
  return true;
}

/** Java's String.trim: everything up to U+0020 counts as white space. */
function trimJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
