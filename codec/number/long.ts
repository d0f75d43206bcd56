/** Whole numbers as Java reads them: `Long.parseLong`, radix 10. */
import { CELL_CANONICAL } from '#spi/batch.ts';

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
/** Digits that always fit into a double exactly. */
const SAFE_DIGITS = 15;

/**
 * The number, or undefined when the text is none: an optional sign and decimal digits of any script, nothing else,
 * within 64 bits.
 */
export function parseLong(text: string): bigint | undefined {
  if (/^[-+]?[0-9]+$/.test(text)) return inRange(BigInt(text.replace(/^\+/, '')));
  if (!/^[-+]?\p{Nd}+$/u.test(text)) return undefined;
  const ascii = [...text].map((character) => String(digitValue(character) ?? character)).join('');
  return inRange(BigInt(ascii.replace(/^\+/, '')));
}

/**
 * Reads the UTF-8 text `bytes[start, end)` into `out[index]`. Returns -1 when it is not a long, else flags for the
 * cell: CELL_CANONICAL when the text is what printing the number gives.
 */
export function readLong(bytes: Uint8Array, start: number, end: number, out: BigInt64Array, index: number): number {
  let at = start;
  const first = bytes[at];
  const isNegative = first === 0x2d;
  if (isNegative || first === 0x2b) at += 1;
  const digits = end - at;
  if (digits <= 0) return -1;
  if (digits > SAFE_DIGITS) return readLongSlowly(bytes, start, end, out, index);
  const lead = bytes[at];
  let value = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30; // within the range given
    if (digit < 0 || digit > 9) return readLongSlowly(bytes, start, end, out, index);
    value = value * 10 + digit;
  }
  out[index] = BigInt(isNegative ? -value : value);
  const isPlain = first !== 0x2b && (lead !== 0x30 || (digits === 1 && !isNegative));
  return isPlain ? CELL_CANONICAL : 0;
}

function readLongSlowly(bytes: Uint8Array, start: number, end: number, out: BigInt64Array, index: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  const value = parseLong(text);
  if (value === undefined) return -1;
  out[index] = value;
  return text === String(value) ? CELL_CANONICAL : 0;
}

function inRange(value: bigint): bigint | undefined {
  return value >= LONG_MIN && value <= LONG_MAX ? value : undefined;
}

/** Unicode keeps the ten digits of a script together, so the value is the distance to the script's zero. */
function digitValue(character: string): number | undefined {
  if (!/\p{Nd}/u.test(character)) return undefined;
  let code = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - 1))) {
    code -= 1;
    value += 1;
  }
  // Scripts may follow each other without a gap: then the zero is found modulo ten from the block's start.
  return value < 9 ? value : blockDigit(character);
}

function blockDigit(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  let start = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start -= 1;
  return (code - start) % 10;
}
