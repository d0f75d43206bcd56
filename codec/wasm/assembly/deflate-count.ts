// What the encoders would write, as numbers of symbols: the same way through a block, step by step.
import { TAIL_BYTES } from './deflate-encode';
import { DISTANCE_COUNTS, SYMBOL_COUNTS } from './deflate-layout';
import { DEFAULT, DENSE, distanceOf, distanceSymbol, entryOf, FAST, hashOf, isMatch } from './deflate-matches';
import { lengthSymbol, matchLength, remember, SAME_HASH, slot } from './deflate-matches';

export function countDefault(from: usize, to: usize): void {
  countSymbols(from, to, DEFAULT);
}

export function countDense(from: usize, to: usize): void {
  countSymbols(from, to, DENSE);
}

export function countFast(from: usize, to: usize): void {
  countSymbols(from, to, FAST);
}

// @ts-ignore: decorator
@inline function countSymbols(from: usize, to: usize, search: i32): void {
  let at = from;
  const limit = to - TAIL_BYTES;
  while (at < limit) {
    // Three searches, then the encoders look whether the end is near.
    for (let step = 0; step < 3; step++) {
      const word = load<u64>(at);
      const hash = hashOf(word, search);
      const place = slot(hash, search);
      const entry = entryOf(hash, at);
      const difference = load<u32>(place) ^ entry;
      const distance = distanceOf(difference, at);
      store<u32>(place, entry);
      if (difference < SAME_HASH && isMatch(at, word, distance)) {
        const length = matchLength(at, at - distance, to);
        increment(SYMBOL_COUNTS, lengthSymbol(length));
        increment(DISTANCE_COUNTS, distanceSymbol(distance));
        remember(at, word, length, search);
        at += length;
        break;
      }
      increment(SYMBOL_COUNTS, load<u8>(at++));
      if (search == FAST) increment(SYMBOL_COUNTS, load<u8>(at++));
    }
  }
  for (; at < to; at++) increment(SYMBOL_COUNTS, load<u8>(at));
}

// @ts-ignore: decorator
@inline function increment(counts: usize, symbol: usize): void {
  const address = counts + (symbol << 2);
  store<u32>(address, load<u32>(address) + 1);
}
