import { describe, expect, it } from 'vitest';
import { copyPiece, viewOf } from './byte-copy.ts';

describe('copyPiece()', () => {
  it('copies pieces of every length, and touches nothing else', () => {
    const source = Uint8Array.from({ length: 64 }, (_, index) => index + 100).subarray(3);
    for (let length = 0; length < 40; length++) {
      const target = new Uint8Array(60).subarray(5, 5 + length + 2);
      // Bits of a double that is no number must come through, too.
      source.fill(0xff, 8, 16);
      expect(copyPiece(viewOf(target), 1, viewOf(source), 2, 2 + length)).toBe(1 + length);
      expect([...target]).toEqual([0, ...source.subarray(2, 2 + length), 0]);
      expect(new Set(new Uint8Array(target.buffer, 0, 5))).toEqual(new Set([0]));
    }
  });

  it('copies to and from the ends of the memory', () => {
    const source = Uint8Array.from({ length: 21 }, (_, index) => index);
    const target = new Uint8Array(21);
    copyPiece(viewOf(target), 0, viewOf(source), 0, 21);
    expect(target).toEqual(source);
  });
});
