import { describe, expect, it } from 'vitest';
import { virtualClock } from '#test/kit/virtual-clock.ts';
import { repeat } from './repeat.ts';

async function looks(waitMs: number, work: (look: number) => Promise<boolean>): Promise<readonly number[]> {
  const clock = virtualClock();
  const stop = new AbortController();
  const at: number[] = [];
  const repeating = repeat({
    work: async () => {
      at.push(clock.now());
      return work(at.length);
    },
    waitMs,
    signal: stop.signal,
    failed: () => undefined,
    clock,
  });
  await clock.run(120_000);
  stop.abort();
  await repeating;
  return at;
}

const pauses = (at: readonly number[]): readonly number[] => at.slice(1).map((each, i) => each - (at[i] ?? 0));

describe('repeat()', () => {
  it('looks again after the same time, and at once when there is more', async () => {
    const at = await looks(30_000, async (look) => look === 2);
    expect(at).toEqual([0, 30_000, 30_000, 60_000, 90_000, 120_000]);
  });

  it.each([
    [1000, [2000, 4000, 5000, 5000]],
    [30_000, [30_000, 30_000, 30_000, 30_000]],
  ])('after errors waits longer than %i ms, but not for ever', async (waitMs, expected) => {
    const at = await looks(waitMs, () => Promise.reject(new Error('away')));
    expect(pauses(at).slice(0, 4)).toEqual(expected);
  });
});
