import { describe, expect, it } from 'vitest';
import { backoffMs } from './retry.ts';

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
