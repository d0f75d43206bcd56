// The module of compression: deflate with codes that the host has made (codec/compression/deflate). The host copies a
// block into the window, has it encoded or its symbols counted, and takes the output.
import * as layout from './deflate-layout';
import { HASH, HASH_BYTES, HASH_SAVED } from './deflate-layout';

export { putBits, bitPosition, rewind, restart } from './deflate-bits';
export { countDefault, countFast } from './deflate-count';
export { encodeDefault, encodeFast } from './deflate-encode';

export const WINDOW: usize = layout.WINDOW;
export const HISTORY_BYTES: usize = layout.HISTORY_BYTES;
export const BLOCK_BYTES: usize = layout.BLOCK_BYTES;
export const OUTPUT: usize = layout.OUTPUT;
export const LITERAL_CODES: usize = layout.LITERALS;
export const LENGTH_CODES: usize = layout.LENGTHS;
export const DISTANCE_CODES: usize = layout.DISTANCES;
export const SYMBOL_COUNTS_AT: usize = layout.SYMBOL_COUNTS;
export const DISTANCE_COUNTS_AT: usize = layout.DISTANCE_COUNTS;

/** A new piece: nothing to refer to. From no position of a block does 0xffff lead to one before it. */
export function forget(): void {
  memory.fill(HASH, 0xff, HASH_BYTES);
}

export function saveHash(): void {
  memory.copy(HASH_SAVED, HASH, HASH_BYTES);
}

export function restoreHash(): void {
  memory.copy(HASH, HASH_SAVED, HASH_BYTES);
}
