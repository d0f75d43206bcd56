import { beforeEach, expect, it, vi } from 'vitest';

// It remembers the latest time that it has seen.
let newId: (nowMs?: number) => string;
beforeEach(async () => {
  vi.resetModules();
  ({ newId } = await import('./ids.ts'));
});

it.each([
  // The example of the ULID library.
  [1_469_918_176_385, '01aryz6s41'],
  [1, '0000000001'],
  [2 ** 48 - 1, '7zzzzzzzzz'],
])('newId() begins with the time %d', (ms, letters) => {
  expect(newId(ms)).toMatch(new RegExp(`^${letters}[0-9a-hjkmnp-tv-z]{16}$`));
});

it('newId() uses all letters behind the time', () => {
  const behind = Array.from({ length: 500 }, (_, index) => newId(index + 1).slice(10)).join('');
  expect(new Set(behind).size).toBe(32);
});

it('newId() grows in one millisecond, and when the clock steps back', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => newId(5_000_000 - (index % 3) * 1000));
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
