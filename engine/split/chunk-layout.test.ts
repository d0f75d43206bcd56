import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, ChunkLayout } from './chunk-layout.ts';

describe('ChunkLayout', () => {
  it('covers the file without gaps, within blocks, whatever the size of chunks', () => {
    fc.assert(
      fc.property(
        fc.nat(5 * BLOCK_BYTES),
        fc.integer({ min: 1000, max: 3_000_000 }),
        fc.integer({ min: 1, max: 4 }),
        (size, chunkBytes, laneCount) => {
          const layout = new ChunkLayout(size, { chunkBytes, laneCount });
          let at = 0;
          for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
            const { from, to, lane } = layout.range(chunk);
            expect(from).toBe(at);
            expect(to).toBeGreaterThan(from);
            expect(Math.floor((to - 1) / BLOCK_BYTES)).toBe(Math.floor(from / BLOCK_BYTES));
            expect(lane).toBe(Math.floor(from / BLOCK_BYTES) % laneCount);
            at = to;
          }
          expect(at).toBeGreaterThanOrEqual(size);
          expect(layout.chunkCount === 0 || layout.range(layout.chunkCount - 1).from < size).toBe(true);
        },
      ),
    );
  });

  it('has no chunk of a file without a byte', () => {
    expect(new ChunkLayout(0, { chunkBytes: 7, laneCount: 1 }).chunkCount).toBe(0);
  });
});
