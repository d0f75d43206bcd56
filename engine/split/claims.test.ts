import { describe, expect, it } from 'vitest';
import { Claims } from './claims.ts';

describe('Claims', () => {
  it('hands out every chunk once to whoever asks', () => {
    const memory = Claims.memory(1);
    const [one, other] = [new Claims(memory, 3), new Claims(memory, 3)];
    const [next, otherNext] = [one.join(), other.join()];
    expect([next(), otherNext(), one.hasMore, next(), one.hasMore]).toEqual([0, 1, true, 2, false]);
    expect([next(), otherNext()]).toEqual([undefined, undefined]);
  });

  it('gives every seat its own chunks, in turn, and nothing to those without a seat', () => {
    const claims = new Claims(Claims.memory(3), 7);
    const taken = Array.from({ length: 4 }, () => {
      const next = claims.join();
      return [next(), next(), next(), next()];
    });
    expect(taken).toEqual([
      [0, 3, 6, undefined],
      [1, 4, undefined, undefined],
      [2, 5, undefined, undefined],
      [undefined, undefined, undefined, undefined],
    ]);
  });

  it('has more as long as a seat with a chunk is free', () => {
    const claims = new Claims(Claims.memory(3), 2);
    const free = [claims.hasMore, claims.join() && claims.hasMore, claims.join() && claims.hasMore];
    expect(free).toEqual([true, true, false]);
    expect(new Claims(Claims.memory(2), 0).hasMore).toBe(false);
  });
});
