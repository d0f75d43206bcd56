// Repetitions: where to look for them, how long they are, and what they are written as.
import { DISTANCES, HASH, HASH_BITS_DEFAULT, HASH_BITS_DENSE, HASH_BITS_FAST, LENGTHS } from './deflate-layout';

/** The searches. Functions take one as a constant: each of its uses becomes code of its own. */
export const DEFAULT: i32 = 0;
export const FAST: i32 = 1;
export const DENSE: i32 = 2;

export const MATCH_MAX: usize = 258;
const DISTANCE_MAX: usize = 32768;
/** Two entries of the table differ by less when their hashes are the same. */
export const SAME_HASH: u32 = 0x10000;
/** Compared at once, without a loop: most repetitions end within. */
const SHORT_MAX: usize = 12;
/** Multiplies the lower six bytes of a word: what is shorter repeats too often by chance, and saves too little. */
const HASH_FACTOR: u64 = 0x79b185ebca870000;
/** Seven bytes: fewer repetitions, and longer ones. */
const HASH_FACTOR_FAST: u64 = 0x3779b185ebca8700;
/** Five bytes, for what repeats shortly. */
const HASH_FACTOR_DENSE: u64 = 0xb185ebca87000000;

// @ts-ignore: decorator
@inline export function hashOf(word: u64, search: i32): u64 {
  return word * (search == DENSE ? HASH_FACTOR_DENSE : search == FAST ? HASH_FACTOR_FAST : HASH_FACTOR);
}

// @ts-ignore: decorator
@inline export function slot(hash: u64, search: i32): usize {
  return HASH + (<usize>(hash >> (64 - hashBits(search))) << 2);
}

// @ts-ignore: decorator
@inline function hashBits(search: i32): u64 {
  return search == DENSE ? HASH_BITS_DENSE : search == FAST ? HASH_BITS_FAST : HASH_BITS_DEFAULT;
}

/** What the table keeps of a position. */
// @ts-ignore: decorator
@inline export function entryOf(hash: u64, at: usize): u32 {
  return (<u32>(hash >> 16) & 0xffff0000) | (<u32>at & 0xffff);
}

/** From the difference (exclusive or) of two entries of the same hash. */
// @ts-ignore: decorator
@inline export function distanceOf(difference: u32, at: usize): usize {
  return (at - (difference ^ at)) & 0xffff;
}

/**
 * Whether four bytes at that distance are the same, and it is one that can be written. All distances from 0 to 65535
 * lie within memory.
 */
// @ts-ignore: decorator
@inline export function isMatch(at: usize, word: u64, distance: usize): bool {
  return load<u32>(at - distance) == <u32>word && distance - 1 < DISTANCE_MAX;
}

/** The length of a repetition whose first four bytes are known to be one. */
// @ts-ignore: decorator
@inline export function matchLength(at: usize, before: usize, to: usize): usize {
  const difference = load<u64>(at + 4) ^ load<u64>(before + 4);
  if (difference) return 4 + <usize>(ctz(difference) >> 3);
  return SHORT_MAX + sameBytes(at + SHORT_MAX, before + SHORT_MAX, min<usize>(MATCH_MAX, to - at) - SHORT_MAX);
}

/** How many bytes are the same, up to `max`. */
// @ts-ignore: decorator
@inline function sameBytes(at: usize, before: usize, max: usize): usize {
  let count: usize = 0;
  while (count < max) {
    const difference = load<u64>(at + count) ^ load<u64>(before + count);
    if (difference) {
      count += <usize>(ctz(difference) >> 3);
      return count < max ? count : max;
    }
    count += 8;
  }
  return max;
}

/** Positions within a repetition that are worth keeping: its second byte, for others like it, and its last. */
// @ts-ignore: decorator
@inline export function remember(at: usize, word: u64, length: usize, search: i32): void {
  keep(word >> 8, at + 1, search);
  const last = at + length - 1;
  keep(load<u64>(last), last, search);
}

// @ts-ignore: decorator
@inline function keep(word: u64, at: usize, search: i32): void {
  const hash = hashOf(word, search);
  store<u32>(slot(hash, search), entryOf(hash, at));
}

// @ts-ignore: decorator
@inline function extraBits(value: u32): u32 {
  return 30 - clz(value | 2);
}

// @ts-ignore: decorator
@inline export function distanceSymbol(distance: usize): usize {
  const value = <u32>distance - 1;
  const extra = extraBits(value);
  return (extra << 1) + (value >> extra);
}

// @ts-ignore: decorator
@inline export function lengthSymbol(length: usize): usize {
  if (length == MATCH_MAX) return 285;
  const value = <u32>length - 3;
  if (value < 8) return 257 + value;
  const log = 31 - clz(value);
  return 257 + (log << 2) - 4 + ((value >> (log - 2)) & 3);
}

/** Length and distance as one code of at most 48 bits: in the layout of those of literals. */
// @ts-ignore: decorator
@inline export function matchCode(length: usize, distance: usize): u64 {
  const value = <u32>distance - 1;
  const extra = extraBits(value);
  let code = <u64>load<u32>(LENGTHS - 12 + (length << 2));
  const distanceCode = <u64>load<u32>(DISTANCES + (<usize>((extra << 1) + (value >> extra)) << 2));
  code = (code + (distanceCode & 0xff)) | ((distanceCode & 0xffffff00) << (code & 0xff));
  return (code + extra) | (<u64>(value & ((1 << extra) - 1)) << (8 + (code & 0xff)));
}
