/** Whole numbers as Java reads them: `Long.parseLong`, radix 10. */
import { CELL_CANONICAL } from '#spi/batch.ts';

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

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

/** Where longs and the texts they come from go, by row. */
export interface LongCells {
  readonly cells: Uint32Array;
  /** The words of the 64-bit values. A BigInt64Array would want an object for every value. */
  readonly halves: Uint32Array;
}

/** Which word of a 64-bit number is the low one: the machine's byte order decides. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;
const TWO_TO_32 = 2 ** 32;
/** Digits that fit into 32 bits, and as many again: what `scanLong` reads. */
const WORD_DIGITS = 9;
const powersOfTen = Int32Array.from({ length: WORD_DIGITS + 1 }, (_, power) => 10 ** power);

/** The words of a column's values, wherever they lie. */
export function halvesOf({ buffer, byteOffset, length }: BigInt64Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length * 2);
}

/** Sets a value that a double holds exactly: a whole number up to 2^53. */
export function setSafeLong(halves: Uint32Array, row: number, value: number): void {
  halves[row * 2 + LOW] = value >>> 0;
  halves[row * 2 + HIGH] = Math.floor(value / TWO_TO_32);
}

/**
 * Reads the number that begins at `start` into the row: a minus or none, and 1 to 18 ASCII digits up to `end` or
 * another byte. Returns the position behind it, or -1 when it is not of this kind.
 */
export function scanLong(bytes: Uint8Array, start: number, end: number, out: LongCells, row: number): number {
  const isNegative = bytes[start] === 0x2d;
  const from = isNegative ? start + 1 : start;
  const headEnd = end - from > WORD_DIGITS ? from + WORD_DIGITS : end;
  let at = from;
  let head = 0;
  for (; at < headEnd; at++) {
    const digit = (bytes[at] as number) - 0x30; // within the range given
    if (digit >>> 0 > 9) break;
    head = (head * 10 + digit) | 0;
  }
  if (at === from) return -1;
  if (at === headEnd && at < end && ((bytes[at] as number) - 0x30) >>> 0 <= 9) {
    at = scanTail(bytes, at, end, out.halves, { row, head, isNegative });
    if (at < 0) return -1;
  } else {
    const value = isNegative ? -head : head;
    out.halves[row * 2 + LOW] = value;
    out.halves[row * 2 + HIGH] = value >> 31;
  }
  const isCanonical = bytes[from] !== 0x30 || (at === from + 1 && !isNegative);
  out.cells[row * 2] = start;
  out.cells[row * 2 + 1] = isCanonical ? (at - start) | CELL_CANONICAL : at - start;
  return at;
}

interface Head {
  readonly row: number;
  readonly head: number;
  readonly isNegative: boolean;
}

/** Reads the digits behind the first nine. */
function scanTail(bytes: Uint8Array, start: number, end: number, halves: Uint32Array, number: Head): number {
  const { row, head, isNegative } = number;
  const tailEnd = Math.min(end, start + WORD_DIGITS);
  let at = start;
  let tail = 0;
  for (; at < tailEnd; at++) {
    const digit = (bytes[at] as number) - 0x30; // within the range given
    if (digit >>> 0 > 9) break;
    tail = (tail * 10 + digit) | 0;
  }
  if (at < end && ((bytes[at] as number) - 0x30) >>> 0 <= 9) return -1;
  const power = powersOfTen[at - start] as number; // at most nine digits
  // The low word is exact; the double is within 256 of the number, so that what remains rounds to the high word.
  const low = (Math.imul(head, power) + tail) >>> 0;
  const high = Math.round((head * power + tail - low) / TWO_TO_32);
  halves[row * 2 + LOW] = isNegative ? -low : low;
  halves[row * 2 + HIGH] = isNegative ? (low === 0 ? -high : ~high) : high;
  return at;
}

/** Reads the UTF-8 text `bytes[start, end)` into the row. Returns false when it is not a long. */
export function readLong(bytes: Uint8Array, start: number, end: number, out: LongCells, row: number): boolean {
  if (scanLong(bytes, start, end, out, row) === end) return true;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  const value = parseLong(text);
  if (value === undefined) return false;
  setLong(out.halves, row, value);
  out.cells[row * 2] = start;
  out.cells[row * 2 + 1] = (end - start) | (text === String(value) ? CELL_CANONICAL : 0);
  return true;
}

/** Sets any value of 64 bits. */
export function setLong(halves: Uint32Array, row: number, value: bigint): void {
  halves[row * 2 + LOW] = Number(value & 0xffff_ffffn);
  halves[row * 2 + HIGH] = Number((value >> 32n) & 0xffff_ffffn);
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
