// Where things lie in the memory of the deflate module: 1 MiB, of which the hot part (tables, hash, window) stays in
// the second level cache. Addresses are constants, so that they become offsets within instructions.

/** Code of each literal: the number of its bits in the lowest byte, above it the bits, the first one lowest. */
export const LITERALS: usize = 0x1000;
/** The same for each length from 3 to 258, its extra bits included. */
export const LENGTHS: usize = 0x1400;
/** The same for each distance symbol, without extra bits. */
export const DISTANCES: usize = 0x1800;
/** How often each literal or length symbol, and each distance symbol occurs: filled by the count functions. */
export const SYMBOL_COUNTS: usize = 0x1900;
export const DISTANCE_COUNTS: usize = 0x1e00;
/**
 * By hash, where it was seen last: the low 16 bits of the address, and above them 16 more bits of the hash. Those spare
 * nearly every look at bytes that are not the same: far more positions are searched than found, the window does not
 * fit into the first level cache, and a branch that waits for it is the most expensive thing here.
 */
export const HASH: usize = 0x4000;
/** What stays in the first level cache is searched faster; what is larger forgets less of the window. */
export const HASH_BITS_DEFAULT: u64 = 13;
export const HASH_BITS_FAST: u64 = 12;
export const HASH_BITS_DENSE: u64 = 14;
export const HASH_BYTES_DEFAULT: usize = 0x8000;
export const HASH_BYTES_FAST: usize = 0x4000;
export const HASH_BYTES_DENSE: usize = 0x10000;
/**
 * 32 KiB that are over, then the block. The address is a multiple of 64 Ki, and so is the size of a block: when the
 * window moves on, the positions in the hash table stay right. The bytes behind it are never written.
 */
export const WINDOW: usize = 0x20000;
export const HISTORY_BYTES: usize = 0x8000;
export const BLOCK_BYTES: usize = 0x20000;
export const OUTPUT: usize = 0x50000;
/** Behind the output, which takes at most half of what is left for it. */
export const HASH_SAVED: usize = 0xd0000;
