import { describe, expect, it } from 'vitest';
import { launchRate } from './launch-rate.ts';

function timed(): { rate: ReturnType<typeof launchRate>; pass: (ms: number) => void } {
  let at = 0;
  return { rate: launchRate(() => at), pass: (ms) => void (at += ms) };
}

/** Tries every 10 ms; the launches of each whole second. */
function launchesPerSecond({ rate, pass }: ReturnType<typeof timed>, seconds: number, latencyMs = 20): number[] {
  return Array.from({ length: seconds }, () => {
    let launched = 0;
    for (let step = 0; step < 100; step += 1) {
      pass(10);
      const taken = rate.take(1000);
      launched += taken;
      for (let n = 0; n < taken; n += 1) rate.succeeded(latencyMs);
    }
    return launched;
  });
}

describe('launchRate()', () => {
  it('starts at 10/s and gains 1/s per 5 s of success, up to 50/s', () => {
    const timing = timed();
    const launches = launchesPerSecond(timing, 300);
    expect(launches.slice(1, 4)).toEqual([10, 10, 10]);
    expect(launches[20]).toBeGreaterThanOrEqual(13);
    expect(launches[20]).toBeLessThanOrEqual(15);
    expect(timing.rate.perSecond).toBe(50);
    expect(Math.max(...launches)).toBeLessThanOrEqual(51);
  });

  it('does not gain while nothing succeeds', () => {
    const { rate, pass } = timed();
    pass(60_000);
    expect(rate.perSecond).toBe(10);
  });

  it('halves at a sign, once for all signs of a second, and never below 0.5/s', () => {
    const { rate, pass } = timed();
    for (let n = 0; n < 30; n += 1) rate.pushedBack();
    expect(rate.perSecond).toBe(5);
    const rates: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      pass(1_000);
      rate.pushedBack();
      rates.push(rate.perSecond);
    }
    expect(rates).toEqual([2.5, 1.25, 0.625, 0.5, 0.5]);
  });

  it('takes creations slower than a second for a sign, but not one of twenty', () => {
    const one = timed();
    for (let n = 0; n < 20; n += 1) one.rate.succeeded(n === 7 ? 5_000 : 50);
    expect(one.rate.perSecond).toBe(10);
    for (let n = 0; n < 20; n += 1) one.rate.succeeded(n < 2 ? 5_000 : 50);
    expect(one.rate.perSecond).toBe(5);
  });

  it('gives at most one second of launches after a quiet hour', () => {
    const { rate, pass } = timed();
    pass(3_600_000);
    expect(rate.take(1_000)).toBe(10);
    expect(rate.take(1_000)).toBe(0);
  });

  it('lets one launch go at the floor', () => {
    const { rate, pass } = timed();
    for (let n = 0; n < 10; n += 1) {
      rate.pushedBack();
      pass(1_000);
    }
    rate.take(10);
    pass(1_900);
    expect(rate.take(10)).toBe(0);
    pass(200);
    expect(rate.take(10)).toBe(1);
  });

  it('keeps the rate for a minute when nobody can say how the cluster is, then 2/s until they can', () => {
    const { rate, pass } = timed();
    rate.sighted(false);
    pass(59_000);
    rate.sighted(false);
    expect(rate.perSecond).toBe(10);
    pass(2_000);
    expect(rate.perSecond).toBe(2);
    rate.sighted(true);
    expect(rate.perSecond).toBe(10);
  });

  it('begins at a tenth after an outage and is back after 60 s', () => {
    const { rate, pass } = timed();
    rate.ramp();
    expect(rate.perSecond).toBeCloseTo(1);
    pass(30_000);
    expect(rate.perSecond).toBeCloseTo(5.5);
    pass(30_000);
    expect(rate.perSecond).toBeCloseTo(10);
  });
});
