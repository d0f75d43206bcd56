// The module of compression: deflate with codes that the host has made (codec/compression/deflate). The host copies a
// block into the window, has it encoded or its symbols counted, and takes the output.
import * as layout from './deflate-layout';
import { HASH, HASH_SAVED } from './deflate-layout';

export { putBits, bitPosition, rewind, restart } from './deflate-bits';
export { countDefault, countDense, countFast } from './deflate-count';
export { encodeDefault, encodeDense, encodeFast } from './deflate-encode';

export const WINDOW: usize = layout.WINDOW;
export const HISTORY_BYTES: usize = layout.HISTORY_BYTES;
export const BLOCK_BYTES: usize = layout.BLOCK_BYTES;
export const OUTPUT: usize = layout.OUTPUT;
export const LITERAL_CODES: usize = layout.LITERALS;
export const LENGTH_CODES: usize = layout.LENGTHS;
export const DISTANCE_CODES: usize = layout.DISTANCES;
export const SYMBOL_COUNTS_AT: usize = layout.SYMBOL_COUNTS;
export const DISTANCE_COUNTS_AT: usize = layout.DISTANCE_COUNTS;
/** Bytes of the hash table that each search uses. */
export const HASH_BYTES_DEFAULT: usize = layout.HASH_BYTES_DEFAULT;
export const HASH_BYTES_FAST: usize = layout.HASH_BYTES_FAST;
export const HASH_BYTES_DENSE: usize = layout.HASH_BYTES_DENSE;

/** A new piece: nothing to refer to. From no position of a block does 0xffff lead to one before it. */
export function forget(bytes: usize): void {
  memory.fill(HASH, 0xff, bytes);
}

export function saveHash(bytes: usize): void {
  memory.copy(HASH_SAVED, HASH, bytes);
}

export function restoreHash(bytes: usize): void {
  memory.copy(HASH, HASH_SAVED, bytes);
}
