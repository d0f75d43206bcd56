// The module of compression: deflate with Huffman codes that the host has made. It finds repetitions greedily by a
// table of the last position of each hash, and writes what it finds at once.
import * as layout from './deflate-layout';
import { bitCount, bits, keepBits, output } from './deflate-bits';
import { HASH, HASH_BITS, HASH_BYTES, HASH_SAVED, LENGTHS, LITERALS, DISTANCES } from './deflate-layout';
import { DISTANCE_COUNTS, SYMBOL_COUNTS } from './deflate-layout';

export { putBits, bitPosition, rewind, restart } from './deflate-bits';

export const WINDOW: usize = layout.WINDOW;
export const HISTORY_BYTES: usize = layout.HISTORY_BYTES;
export const BLOCK_BYTES: usize = layout.BLOCK_BYTES;
export const OUTPUT: usize = layout.OUTPUT;
export const LITERAL_CODES: usize = LITERALS;
export const LENGTH_CODES: usize = LENGTHS;
export const DISTANCE_CODES: usize = DISTANCES;
export const SYMBOL_COUNTS_AT: usize = SYMBOL_COUNTS;
export const DISTANCE_COUNTS_AT: usize = DISTANCE_COUNTS;

/** Bytes at the end of a block that are not searched: what is loaded at once stays within the block. */
const TAIL_BYTES: usize = 16;
const MATCH_MAX: usize = 258;
const DISTANCE_MAX: usize = 32768;

/** A new piece: nothing to refer to. No address from the middle of the window on is within reach of 0xffff. */
export function forget(): void {
  memory.fill(HASH, 0xff, HASH_BYTES);
}

export function saveHash(): void {
  memory.copy(HASH_SAVED, HASH, HASH_BYTES);
}

export function restoreHash(): void {
  memory.copy(HASH, HASH_SAVED, HASH_BYTES);
}

// @ts-ignore: decorator
@inline function slot(word: u64): usize {
  return HASH + (<usize>(((word << 16) * 0x9e3779b185ebca87) >> (64 - HASH_BITS)) << 1);
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

// @ts-ignore: decorator
@inline function distanceSymbol(distance: usize): usize {
  const value = <u32>distance - 1;
  if (value < 4) return value;
  const log = 31 - clz(value);
  return (log << 1) + ((value >> (log - 1)) & 1);
}

// @ts-ignore: decorator
@inline function distanceExtraBits(symbol: usize): u64 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

// @ts-ignore: decorator
@inline function lengthSymbol(length: usize): usize {
  if (length == MATCH_MAX) return 285;
  const value = <u32>length - 3;
  if (value < 8) return 257 + value;
  const log = 31 - clz(value);
  return 257 + (log << 2) - 4 + ((value >> (log - 2)) & 3);
}

// @ts-ignore: decorator
@inline function increment(address: usize): void {
  store<u32>(address, load<u32>(address) + 1);
}

export function encodeDefault(from: usize, to: usize): void {
  let at = from;
  let held = bits;
  let count = bitCount;
  let out = output;
  const limit = to - TAIL_BYTES; // `to` is far from 0
  while (at < limit) {
    const word = load<u64>(at);
    const place = slot(word);
    const distance = (at - <usize>load<u16>(place)) & 0xffff;
    store<u16>(place, <u16>at);
    if (distance - 1 < DISTANCE_MAX && load<u32>(at - distance) == <u32>word) {
      const length: usize = 4 + sameBytes(at + 4, at - distance + 4, min<usize>(MATCH_MAX - 4, to - at - 4));
      const lengthCode = load<u32>(LENGTHS - 12 + (length << 2));
      held |= <u64>(lengthCode & 0xffffff) << count;
      count += lengthCode >> 24;
      const symbol = distanceSymbol(distance);
      const distanceCode = load<u32>(DISTANCES + (symbol << 2));
      held |= <u64>(distanceCode & 0xffffff) << count;
      count += distanceCode >> 24;
      const extra = distanceExtraBits(symbol);
      held |= (<u64>(distance - 1) & ((1 << extra) - 1)) << count;
      count += extra;
      store<u16>(slot(word >> 8), <u16>(at + 1));
      at += length;
    } else {
      const code = load<u32>(LITERALS + ((<usize>word & 255) << 2));
      held |= <u64>(code & 0xffffff) << count;
      count += code >> 24;
      at++;
    }
    store<u64>(out, held);
    out += <usize>(count >> 3);
    held >>= count & 56;
    count &= 7;
  }
  for (; at < to; at++) {
    const code = load<u32>(LITERALS + (<usize>load<u8>(at) << 2));
    held |= <u64>(code & 0xffffff) << count;
    count += code >> 24;
    store<u64>(out, held);
    out += <usize>(count >> 3);
    held >>= count & 56;
    count &= 7;
  }
  keepBits(held, count, out);
}

export function countDefault(from: usize, to: usize): void {
  let at = from;
  const limit = to - TAIL_BYTES; // `to` is far from 0
  while (at < limit) {
    const word = load<u64>(at);
    const place = slot(word);
    const distance = (at - <usize>load<u16>(place)) & 0xffff;
    store<u16>(place, <u16>at);
    if (distance - 1 < DISTANCE_MAX && load<u32>(at - distance) == <u32>word) {
      const length: usize = 4 + sameBytes(at + 4, at - distance + 4, min<usize>(MATCH_MAX - 4, to - at - 4));
      increment(SYMBOL_COUNTS + (lengthSymbol(length) << 2));
      increment(DISTANCE_COUNTS + (distanceSymbol(distance) << 2));
      store<u16>(slot(word >> 8), <u16>(at + 1));
      at += length;
    } else {
      increment(SYMBOL_COUNTS + ((<usize>word & 255) << 2));
      at++;
    }
  }
  for (; at < to; at++) increment(SYMBOL_COUNTS + (<usize>load<u8>(at) << 2));
}
export function encodeFast(from: usize, to: usize): void { encodeDefault(from, to); }
export function countFast(from: usize, to: usize): void { countDefault(from, to); }
