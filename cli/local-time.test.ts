import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instantOf, localTime } from './local-time.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
let zone: string | undefined;
beforeEach(() => {
  zone = process.env['TZ'];
});
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('localTime()', () => {
  it.each([
    ['Asia/Tokyo', '2026-01-01T23:04:05.678Z', '2026-01-02 08:04:05'],
    ['America/New_York', '2026-01-02T03:04:05Z', '2026-01-01 22:04:05'],
    ['Etc/UTC', null, ''],
  ])('in %s of %j is %j', (place, instant, text) => {
    process.env['TZ'] = place;
    expect(localTime(instant)).toBe(text);
  });
});

describe('instantOf()', () => {
  it.each([
    ['2026-01-02', '2026-01-01T15:00:00.000Z'],
    ['2026-01-02 03:04', '2026-01-01T18:04:00.000Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05+09:00', '2026-01-01T18:04:05.000Z'],
    [' 90min ', '2026-03-01T10:30:00.000Z'],
    ['7d', '2026-02-22T12:00:00.000Z'],
  ])('reads %j in Tokyo as %j', (text, instant) => {
    process.env['TZ'] = 'Asia/Tokyo';
    expect(instantOf(text, { now })).toBe(instant);
  });

  it('counts ahead what is to come', () => {
    expect(instantOf('2h', { now, isAhead: true })).toBe('2026-03-01T14:00:00.000Z');
  });

  it.each(['', 'lately', '2026', '2026-13-01', '5 weeks', '1e3s', '2026-01-02T25:00'])('refuses %j', (text) => {
    expect(() => instantOf(text)).toThrow(expect.objectContaining({ code: 'TIME_INVALID' }) as Error);
  });
});
