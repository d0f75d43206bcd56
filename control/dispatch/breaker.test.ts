import { describe, expect, it } from 'vitest';
import { breaker } from './breaker.ts';

/** `f` a failure, `s` a success, a number: so many seconds pass. */
const stories: readonly { readonly title: string; readonly story: readonly ('f' | 's' | number)[]; isOpen: boolean }[] =
  [
    { title: 'stays closed at four failures in a row', story: ['f', 5, 'f', 5, 'f', 5, 'f'], isOpen: false },
    { title: 'opens at five failures in a row over 10 s', story: ['f', 3, 'f', 3, 'f', 3, 'f', 1, 'f'], isOpen: true },
    { title: 'stays closed at five failures within 9 s', story: ['f', 'f', 'f', 'f', 9, 'f'], isOpen: false },
    { title: 'counts again after a success', story: ['f', 5, 'f', 5, 'f', 's', 'f', 5, 'f', 5], isOpen: false },
    {
      title: 'opens at 11 failures of 20 though none is the fifth in a row',
      story: [...Array.from({ length: 9 }, () => ['f', 's'] as const).flat(), 'f', 'f'],
      isOpen: true,
    },
    {
      title: 'stays closed at 10 failures of 20',
      story: Array.from({ length: 20 }, () => ['s', 'f'] as const).flat(),
      isOpen: false,
    },
    { title: 'closes at a success', story: ['f', 3, 'f', 3, 'f', 3, 'f', 1, 'f', 's'], isOpen: false },
  ];

describe('breaker()', () => {
  it.each(stories)('$title', ({ story, isOpen }) => {
    let at = 0;
    const tried = breaker(() => at);
    for (const step of story) {
      if (typeof step === 'number') at += step * 1000;
      else if (step === 'f') tried.failed();
      else tried.succeeded();
    }
    expect(tried.isOpen).toBe(isOpen);
  });

  it('lets one probe through each 5 s while it is open, and none while it is closed', () => {
    let at = 0;
    const tried = breaker(() => at);
    expect(tried.mayProbe()).toBe(false);
    tried.trip();
    const probes: number[] = [];
    for (; at <= 20_000; at += 500) if (tried.mayProbe()) probes.push(at);
    expect(probes).toEqual([5_000, 10_000, 15_000, 20_000]);
  });

  it('counts the time that it was closed, for deadlines that stand still meanwhile', () => {
    let at = 1_000;
    const tried = breaker(() => at);
    at += 7_000;
    tried.trip();
    at += 60_000;
    tried.trip();
    expect(tried.closedMs()).toBe(7_000);
    tried.succeeded();
    at += 2_000;
    expect(tried.closedMs()).toBe(9_000);
  });

  it('forgets the answers from before an outage', () => {
    let at = 0;
    const tried = breaker(() => at);
    for (let n = 0; n < 11; n += 1) tried.failed();
    at += 10_000;
    tried.failed();
    tried.succeeded();
    for (let n = 0; n < 8; n += 1) tried.succeeded();
    tried.failed();
    expect(tried.isOpen).toBe(false);
  });
});
