import { expect, it } from 'vitest';
import { Bounded } from './bounded.ts';

it('Bounded runs so many at once, in their order, and turns away the next', async () => {
  const places = new Bounded({ atOnce: 2, waitingMax: 2 });
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (no: number) => (): Promise<number> => {
    begun.push(no);
    return new Promise((resolve) => ends.push(() => resolve(no)));
  };
  const results = [1, 2, 3, 4].map((no) => places.run(work(no)));
  expect(places.run(work(5))).toBeUndefined();
  expect(begun).toEqual([1, 2]);
  ends.shift()?.();
  expect(await results[0]).toBe(1);
  await expect.poll(() => begun).toEqual([1, 2, 3]);
  const sixth = places.run(work(6));
  while ((await Promise.race([sixth, Promise.resolve(undefined)])) === undefined) {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(begun).toEqual([1, 2, 3, 4, 6]);
  expect(await Promise.all(results.map((result) => result ?? Promise.resolve(0)))).toEqual([1, 2, 3, 4]);
});

it('Bounded gives a place back when the work fails', async () => {
  const places = new Bounded({ atOnce: 1, waitingMax: 0 });
  await expect(places.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await places.run(() => Promise.resolve('yes'))).toBe('yes');
});
