// Blocks to bits, in one pass: at each position a literal, or the repetition that the hash table leads to.
//
// What a byte costs is dominated by branches that nobody can predict, so three literals are one straight path with an
// exit at each position that is searched, and their bits are written out at once: 7 bits that are left of the ones
// before, and three codes of at most 15, or one repetition of at most 48, fit into a word.
import { bitCount, bits, keepBits, output } from './deflate-bits';
import { LITERALS } from './deflate-layout';
import { DEFAULT, DENSE, distanceOf, entryOf, FAST, hashOf, isMatch } from './deflate-matches';
import { matchCode, matchLength, remember, SAME_HASH, slot } from './deflate-matches';

/** Bytes at the end of a block that are not searched: what is loaded at once stays within the block. */
export const TAIL_BYTES: usize = 24;

// The lower bits of a word of codes go beyond the count of bits; only the low six count for a shift, and `& 7` cleans.
// @ts-ignore: decorator
@inline function literal(byte: u64): u64 {
  return <u64>load<u32>(LITERALS + (<usize>(byte & 0xff) << 2));
}

/** Whole bytes among the bits held. */
// @ts-ignore: decorator
@inline function full(count: u64): usize {
  return <usize>(count >> 3) & 7;
}

export function encodeDefault(from: usize, to: usize): void {
  encodeEach(from, to, DEFAULT);
}

export function encodeDense(from: usize, to: usize): void {
  encodeEach(from, to, DENSE);
}

/** Searches at every position. */
// @ts-ignore: decorator
@inline function encodeEach(from: usize, to: usize, search: i32): void {
  let at = from;
  let held = bits;
  let count = bitCount;
  let out = output;
  let word: u64 = 0;
  let hash: u64 = 0;
  let place: usize = 0;
  let entry: u32 = 0;
  let difference: u32 = 0;
  let distance: usize = 0;
  let code: u64 = 0;
  const limit = to - TAIL_BYTES; // no address is near 0
  while (at < limit) {
    let isFound = true;
    do {
      word = load<u64>(at); hash = hashOf(word, search); place = slot(hash, search); entry = entryOf(hash, at);
      difference = load<u32>(place) ^ entry; store<u32>(place, entry);
      if (difference < SAME_HASH) { distance = distanceOf(difference, at); if (isMatch(at, word, distance)) break; }
      code = literal(word); held |= (code >> 8) << count; count += code; at++;
      word = load<u64>(at); hash = hashOf(word, search); place = slot(hash, search); entry = entryOf(hash, at);
      difference = load<u32>(place) ^ entry; store<u32>(place, entry);
      if (difference < SAME_HASH) { distance = distanceOf(difference, at); if (isMatch(at, word, distance)) break; }
      code = literal(word); held |= (code >> 8) << count; count += code; at++;
      word = load<u64>(at); hash = hashOf(word, search); place = slot(hash, search); entry = entryOf(hash, at);
      difference = load<u32>(place) ^ entry; store<u32>(place, entry);
      if (difference < SAME_HASH) { distance = distanceOf(difference, at); if (isMatch(at, word, distance)) break; }
      code = literal(word); held |= (code >> 8) << count; count += code; at++;
      isFound = false;
    } while (false);
    store<u64>(out, held); out += full(count); held >>= count & 56; count &= 7;
    if (!isFound) continue;
    const length = matchLength(at, at - distance, to);
    code = matchCode(length, distance); held |= (code >> 8) << count; count += code;
    remember(at, word, length, search);
    at += length;
    store<u64>(out, held); out += full(count); held >>= count & 56; count &= 7;
  }
  keepBits(held, count, out);
  encodeLiterals(at, to);
}

/** Searches at every second of the positions after a repetition. */
export function encodeFast(from: usize, to: usize): void {
  let at = from;
  let held = bits;
  let count = bitCount;
  let out = output;
  let word: u64 = 0;
  let hash: u64 = 0;
  let place: usize = 0;
  let entry: u32 = 0;
  let difference: u32 = 0;
  let distance: usize = 0;
  let code: u64 = 0;
  const limit = to - TAIL_BYTES;
  while (at < limit) {
    let isFound = true;
    do {
      word = load<u64>(at); hash = hashOf(word, FAST); place = slot(hash, FAST); entry = entryOf(hash, at);
      difference = load<u32>(place) ^ entry; store<u32>(place, entry);
      if (difference < SAME_HASH) { distance = distanceOf(difference, at); if (isMatch(at, word, distance)) break; }
      code = literal(word); held |= (code >> 8) << count; count += code;
      code = literal(word >> 8); held |= (code >> 8) << count; count += code;
      at += 2;
      word = load<u64>(at); hash = hashOf(word, FAST); place = slot(hash, FAST); entry = entryOf(hash, at);
      difference = load<u32>(place) ^ entry; store<u32>(place, entry);
      if (difference < SAME_HASH) { distance = distanceOf(difference, at); if (isMatch(at, word, distance)) break; }
      code = literal(word); held |= (code >> 8) << count; count += code;
      store<u64>(out, held); out += full(count); held >>= count & 56; count &= 7;
      code = literal(word >> 8); held |= (code >> 8) << count; count += code;
      at += 2;
      word = load<u64>(at); hash = hashOf(word, FAST); place = slot(hash, FAST); entry = entryOf(hash, at);
      difference = load<u32>(place) ^ entry; store<u32>(place, entry);
      if (difference < SAME_HASH) { distance = distanceOf(difference, at); if (isMatch(at, word, distance)) break; }
      code = literal(word); held |= (code >> 8) << count; count += code;
      code = literal(word >> 8); held |= (code >> 8) << count; count += code;
      at += 2;
      isFound = false;
    } while (false);
    store<u64>(out, held); out += full(count); held >>= count & 56; count &= 7;
    if (!isFound) continue;
    const length = matchLength(at, at - distance, to);
    code = matchCode(length, distance); held |= (code >> 8) << count; count += code;
    remember(at, word, length, FAST);
    at += length;
    store<u64>(out, held); out += full(count); held >>= count & 56; count &= 7;
  }
  keepBits(held, count, out);
  encodeLiterals(at, to);
}

function encodeLiterals(from: usize, to: usize): void {
  let held = bits;
  let count = bitCount;
  let out = output;
  for (let at = from; at < to; at++) {
    const code = literal(load<u8>(at));
    held |= (code >> 8) << count;
    count += code;
    store<u64>(out, held);
    out += full(count);
    held >>= count & 56;
    count &= 7;
  }
  keepBits(held, count, out);
}
