// Copies of short texts: 16 bytes at a time, reading and writing up to 32 bytes beyond the end.

// @ts-ignore: decorator
@inline
/** Returns the end. Most texts have at most 32 bytes: no branch depends on their exact length. */
export function copyText(from: usize, length: u32, out: usize): usize {
  v128.store(out, v128.load(from));
  v128.store(out, v128.load(from, 16), 16);
  for (let index: u32 = 32; index < length; index += 16) v128.store(out + index, v128.load(from + index));
  return out + length;
}
