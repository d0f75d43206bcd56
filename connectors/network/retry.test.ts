import { describe, expect, it } from 'vitest';
import { backoffMs } from './retry.ts';
import { retryAfterMs } from './retry-after.ts';

describe('backoffMs()', () => {
  const settings = { maximum_retries: 7, initial_retry_interval_millis: 100, maximum_retry_interval_millis: 1000 };
  it.each([
    [1, 0, 50],
    [1, 1, 100],
    [2, 1, 200],
    [4, 0.5, 600],
    [5, 1, 1000],
    [1000, 1, 1000],
  ])('after %i failures', (failures, random, expected) => expect(backoffMs(failures, settings, random)).toBe(expected));
});

describe('retryAfterMs()', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['120', 120_000],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['soon', undefined],
  ])('%s', (header, expected) => expect(retryAfterMs(header, now)).toBe(expected));
});
