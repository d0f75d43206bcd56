// What the encoders would write, as numbers of symbols: the same way through a block, step by step.
import { TAIL_BYTES } from './deflate-encode';
import { DISTANCE_COUNTS, SYMBOL_COUNTS } from './deflate-layout';
import { distanceOf, distanceSymbol, entryOf, hashOf, isMatch, lengthSymbol } from './deflate-matches';
import { matchLength, remember, SAME_HASH, slot } from './deflate-matches';

export function countDefault(from: usize, to: usize): void {
  countSymbols(from, to, false);
}

export function countFast(from: usize, to: usize): void {
  countSymbols(from, to, true);
}

// @ts-ignore: decorator
@inline function countSymbols(from: usize, to: usize, isFast: bool): void {
  let at = from;
  const limit = to - TAIL_BYTES;
  while (at < limit) {
    // Three searches, then the encoders look whether the end is near.
    for (let search = 0; search < 3; search++) {
      const word = load<u64>(at);
      const hash = hashOf(word, isFast);
      const place = slot(hash, isFast);
      const entry = entryOf(hash, at);
      const difference = load<u32>(place) ^ entry;
      const distance = distanceOf(difference, at);
      store<u32>(place, entry);
      if (difference < SAME_HASH && isMatch(at, word, distance)) {
        const length = matchLength(at, at - distance, to);
        increment(SYMBOL_COUNTS, lengthSymbol(length));
        increment(DISTANCE_COUNTS, distanceSymbol(distance));
        remember(at, word, length, isFast);
        at += length;
        break;
      }
      increment(SYMBOL_COUNTS, load<u8>(at++));
      if (isFast) increment(SYMBOL_COUNTS, load<u8>(at++));
    }
  }
  for (; at < to; at++) increment(SYMBOL_COUNTS, load<u8>(at));
}

// @ts-ignore: decorator
@inline function increment(counts: usize, symbol: usize): void {
  const address = counts + (symbol << 2);
  store<u32>(address, load<u32>(address) + 1);
}
