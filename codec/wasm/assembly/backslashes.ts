// Text for PostgreSQL's COPY: backslashes before what would end a cell or a row, and before themselves.

const TAB: u32 = 9;
const LF: u32 = 10;
const CR: u32 = 13;
const BACKSLASH: u32 = 92;

/** Bytes that one byte becomes at most. */
export const BACKSLASHED_MAX: u32 = 2;

// @ts-ignore: decorator
@inline
/** What stands behind the backslash for a byte below 14 or a backslash; 0 for those that stand for themselves. */
function letterOf(byte: u32): u32 {
  if (byte == LF) return 0x6e;
  if (byte == TAB) return 0x74;
  if (byte == CR) return 0x72;
  return byte == BACKSLASH ? BACKSLASH : 0;
}

/** Returns the end, or 0 when there is a NUL, which no database stores. */
export function backslashedText(from: usize, length: u32, out: usize): usize {
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  const marks = i8x16.splat(14);
  const end = from + length;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(out, bytes);
    let found = i8x16.bitmask(v128.or(i8x16.eq(bytes, backslashes), i8x16.lt_u(bytes, marks)));
    if (found) {
      const rest = <i32>(end - from);
      if (rest < 16) found &= (1 << rest) - 1;
      for (; found; found &= found - 1) {
        const index = <usize>ctz(found);
        const byte: u32 = load<u8>(from + index);
        if (!byte) return 0;
        const letter = letterOf(byte);
        if (!letter) continue;
        store<u16>(out + index, <u16>(BACKSLASH | (letter << 8)));
        out += 1;
        // From the source again: nothing waits for what has just been stored.
        v128.store(out + index + 1, v128.load(from + index + 1));
      }
    }
    from += 16;
    out += 16;
  }
  return out - (from - end);
}
