// Copies of short texts.

// @ts-ignore: decorator
@inline
/** Copies 16 bytes at a time, up to 16 bytes too much; returns the end. */
export function copyText(from: usize, length: u32, out: usize): usize {
  v128.store(out, v128.load(from));
  for (let index: u32 = 16; index < length; index += 16) v128.store(out + index, v128.load(from + index));
  return out + length;
}
