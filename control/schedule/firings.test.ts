import { describe, expect, it } from 'vitest';
import type { SchedulePattern } from '#api/resources/schedule.ts';
import { nextFirings } from './firings.ts';
import { checkedTiming, patternOf, patternWords, timingColumns } from './patterns.ts';

function told(pattern: SchedulePattern, zone: string, after: string, count = 2): string[] {
  const { timing } = checkedTiming(pattern, zone);
  return nextFirings(timing, { zone, after: Date.parse(after), count }).map(({ localTime, fires, notes }) =>
    [localTime.replace(/:00([+-])/, '$1'), ...(fires ? [] : ['no']), ...notes.map(({ text }) => text)].join(' | '),
  );
}

describe('nextFirings()', () => {
  it.each<[string, SchedulePattern, string, string, string[]]>([
    [
      'a time that clocks jump over',
      { kind: 'daily', time: '02:30' },
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      [
        '2026-03-29T03:00+02:00 | Clocks go forward from 02:00 to 03:00 on 2026-03-29: what was due between runs at 03:00.',
        '2026-03-30T02:30+02:00',
      ],
    ],
    [
      'a time that they show twice',
      { kind: 'daily', time: '02:30' },
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      [
        '2026-10-25T02:30+02:00 | Clocks show 02:30 twice on 2026-10-25: it runs at the first time only.',
        '2026-10-26T02:30+01:00',
      ],
    ],
    [
      'an hour that they show twice',
      { kind: 'hourly', minute: 30 },
      'Europe/Berlin',
      '2026-10-25T00:00Z',
      [
        '2026-10-25T02:30+02:00 | Clocks show 02:30 twice on 2026-10-25: it runs both times, this is the first.',
        '2026-10-25T02:30+01:00 | Clocks show 02:30 twice on 2026-10-25: this is the second time.',
      ],
    ],
    [
      'a day that months lack',
      { kind: 'monthly', days: [31], time: '09:00' },
      'Asia/Tokyo',
      '2026-03-30T00:00Z',
      [
        '2026-03-31T09:00+09:00',
        '2026-05-01T00:00+09:00 | no | Nothing runs for 2026-04-31: 2026-04 has 30 days.',
        '2026-05-31T09:00+09:00',
      ],
    ],
    [
      'the last day',
      { kind: 'monthly', days: ['last'], time: '09:00' },
      'Asia/Tokyo',
      '2026-02-01T00:00Z',
      ['2026-02-28T09:00+09:00', '2026-03-31T09:00+09:00'],
    ],
    [
      'a day that was in no calendar',
      { kind: 'daily', time: '09:30' },
      'Pacific/Apia',
      '2011-12-29T12:00Z',
      [
        '2011-12-29T09:30-10:00',
        '2011-12-31T00:00+14:00 | no | Nothing runs for 2011-12-30: the clocks of Pacific/Apia jumped over it.',
        '2011-12-31T09:30+14:00',
      ],
    ],
    [
      'every so many minutes, whatever clocks do',
      { kind: 'every', minutes: 90 },
      'Europe/Berlin',
      '2026-10-25T00:00Z',
      [
        '2026-10-25T02:30+01:00 | Clocks show 02:30 twice on 2026-10-25: this is the second time.',
        '2026-10-25T04:00+01:00',
      ],
    ],
  ])('tells of %s', (_title, pattern, zone, after, expected) => {
    expect(told(pattern, zone, after)).toEqual(expected);
  });

  it('ends where nothing comes any more, and counts what fires alone', () => {
    const { timing } = checkedTiming({ kind: 'cron', cron: '0 0 29 2 *' }, 'Etc/UTC');
    const found = nextFirings(timing, { zone: 'Etc/UTC', after: Date.UTC(2026, 0, 1), count: 3 });
    expect(found.filter(({ fires }) => fires).map(({ slot }) => slot.slice(0, 4))).toEqual(['2028', '2032', '2036']);
    expect(found.filter(({ fires }) => !fires)).toHaveLength(8);
  });
});

describe('patterns', () => {
  it.each<[SchedulePattern, string | null, string]>([
    [{ kind: 'hourly', minute: 5 }, '5 * * * *', 'every hour at minute 5'],
    [{ kind: 'daily', time: '09:05' }, '5 9 * * *', 'every day at 09:05'],
    [
      { kind: 'weekly', weekdays: ['fri', 'sun', 'mon'], time: '23:00' },
      '0 23 * * sun,mon,fri',
      'every Sunday, Monday and Friday at 23:00',
    ],
    [
      { kind: 'monthly', days: ['last', 15, 1], time: '00:30' },
      '30 0 1,15,L * *',
      'on day 1 and 15 and the last day of each month at 00:30',
    ],
    [{ kind: 'every', minutes: 90 }, null, 'every 90 minutes'],
    [{ kind: 'every', minutes: 360 }, null, 'every 6 hours'],
    [{ kind: 'cron', cron: '*/5 9-17 * * 1-5' }, '*/5 9-17 * * 1-5', 'by cron: */5 9-17 * * 1-5'],
  ])('%j becomes %s', (pattern, cron, words) => {
    const columns = timingColumns(pattern);
    expect(columns.cron).toBe(cron);
    expect(patternWords(pattern)).toBe(words);
    expect(patternOf({ ...columns, pattern })).toEqual(pattern);
    // A row of a release that knew no patterns.
    const old = patternOf({ ...columns, pattern: null });
    expect(timingColumns(old)).toEqual(columns);
  });

  it.each([
    [{ kind: 'cron', cron: '61 * * * *' }, 'Etc/UTC', ['pattern', 'cron'], 'CRON_INVALID'],
    [{ kind: 'cron', cron: '0 0 31 2 *' }, 'Etc/UTC', ['pattern', 'cron'], 'CRON_NEVER'],
    [{ kind: 'daily', time: '09:00' }, 'Mars/Olympus', ['timeZone'], 'TIME_ZONE_UNKNOWN'],
    [{ kind: 'daily', time: '09:00' }, '+09:00', ['timeZone'], 'TIME_ZONE_UNKNOWN'],
  ] as const)('checkedTiming() refuses %j in %s', (pattern, zone, path, code) => {
    expect(() => checkedTiming(pattern, zone)).toThrow(
      expect.objectContaining({ code, status: 422, extra: { errors: [expect.objectContaining({ path })] } }) as Error,
    );
  });

  it('checkedTiming() spells zones as IANA does', () => {
    expect(checkedTiming({ kind: 'daily', time: '09:00' }, 'asia/tokyo').zone).toBe('Asia/Tokyo');
  });
});
