/**
 * Finds the few bytes that a text must be looked at for, four at a time: faster than a table of bytes from about ten
 * bytes on, and twice as fast in long texts.
 */

const ONES = 0x0101_0101;
const SPACES = 0x2020_2020;
const TOP_BITS = 0x8080_8080 | 0;

/** Four times the byte, for `specialBytes` and `findSpecial`. */
export function fourTimes(byte: number): number {
  return Math.imul(byte, ONES);
}

/**
 * Which of four bytes are below 0x20 or one of three others below 0x80 (given four times each): 0 when none is, else
 * the lowest bit set is in the first of them.
 */
export function specialBytes(word: number, a: number, b: number, c: number): number {
  const isA = word ^ a;
  const isB = word ^ b;
  const isC = word ^ c;
  // Subtracting borrows from the top bit of a byte that is too small, or zero; `& ~` leaves out bytes that have that
  // bit. A borrow goes on into the bytes behind: they may be wrong, the first one is not.
  const below = (word - SPACES) & ~word;
  return (below | ((isA - ONES) & ~isA) | ((isB - ONES) & ~isB) | ((isC - ONES) & ~isC)) & TOP_BITS;
}

/** The index of the first of the bytes found. */
export function firstSpecial(found: number): number {
  return (31 - Math.clz32(found & -found)) >> 3;
}

/**
 * The position from `from` on of the first byte below 0x20 or one of three others (given four times each). There must
 * be one, with three bytes of memory behind it.
 */
export function findSpecial(data: DataView, from: number, a: number, b: number, c: number): number {
  for (let at = from; ; at += 4) {
    const found = specialBytes(data.getInt32(at, true), a, b, c);
    if (found !== 0) return at + firstSpecial(found);
  }
}
