/** Prefix codes of deflate: from counts to lengths, from lengths to codes (RFC 1951, 3.2.2). */
import { codeLengths } from '#codec/compression/huffman-lengths.ts';

const LENGTH_MAX = 15;

/** A code is a word: the number of its bits in the lowest byte, the bits above, the first one lowest. */
export function codeSize(code: number): number {
  return code & 0xff;
}

export function codeBits(code: number): number {
  return code >>> 8;
}

export function codeOf(bits: number, size: number): number {
  return (bits << 8) | size;
}

/** Lengths for the symbols that occur; none for the others. At least two have one: then the code is complete. */
export function sparseLengths(counts: Uint32Array, longest: number): Uint8Array {
  const symbols: number[] = [];
  for (let symbol = 0; symbol < counts.length; symbol++) if ((counts[symbol] ?? 0) > 0) symbols.push(symbol);
  for (let symbol = 0; symbols.length < 2; symbol++) if (!symbols.includes(symbol)) symbols.push(symbol);
  const used = codeLengths(
    Uint32Array.from(symbols, (symbol) => counts[symbol] ?? 0),
    longest,
  );
  const lengths = new Uint8Array(counts.length);
  for (const [index, symbol] of symbols.entries()) lengths[symbol] = used[index] ?? 0;
  return lengths;
}

/** The canonical codes of the lengths, as the kernel wants them. */
export function canonicalCodes(lengths: Uint8Array): Uint32Array {
  const next = firstCodes(lengths);
  const codes = new Uint32Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    codes[symbol] = codeOf(reversed(code, length), length);
  }
  return codes;
}

/** By length, the first of its codes. */
function firstCodes(lengths: Uint8Array): Uint32Array {
  const counts = new Uint32Array(LENGTH_MAX + 1);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  }
  const first = new Uint32Array(LENGTH_MAX + 1);
  for (let length = 1; length < LENGTH_MAX; length++)
    first[length + 1] = ((first[length] ?? 0) + (counts[length] ?? 0)) << 1;
  return first;
}

/** Codes go out from their highest bit, everything else from its lowest. */
function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}
