import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rubyText } from './ruby-text.ts';
import { shiftInstant } from './shift.ts';
import type { ShiftUnit } from './shift.ts';
import { zoneOfRegion } from './zone.ts';
import type { Zone } from './zone.ts';

function zoneOf(name: string): Zone {
  const zone = zoneOfRegion(name);
  if (zone === undefined) throw new Error(`no zone ${name}`);
  return zone;
}

function secondsOf(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds / 1000;
}

/** Local time and offset of the moved instant, or `none`. */
function moved(at: string, unit: ShiftUnit, quantity: number, zoneName: string): string {
  const zone = zoneOf(zoneName);
  const result = shiftInstant({ seconds: secondsOf(at), nanos: 0 }, { unit, quantity }, zone);
  if (result === undefined) return 'none';
  return rubyText(result, '%Y-%m-%dT%H:%M:%S%:z', zone);
}

describe('shiftInstant()', () => {
  const tokyo = 'Asia/Tokyo';
  it.each<[string, ShiftUnit, number, string, string]>([
    // Stretches of time.
    ['2026-01-01T00:00:00Z', 'minute', -1, 'UTC', '2025-12-31T23:59:00+00:00'],
    ['2026-01-01T00:00:00Z', 'hour', 36, tokyo, '2026-01-02T21:00:00+09:00'],
    ['2026-01-01T12:34:56Z', 'minute', 0, tokyo, '2026-01-01T21:34:56+09:00'],
    // The day is that of the zone.
    ['2026-01-01T15:30:00Z', 'day', -1, tokyo, '2026-01-01T00:30:00+09:00'],
    ['2026-01-01T14:30:00Z', 'day', -1, tokyo, '2025-12-31T23:30:00+09:00'],
    ['2026-03-01T00:00:00Z', 'day', -1, 'UTC', '2026-02-28T00:00:00+00:00'],
    ['2024-03-01T00:00:00Z', 'day', -1, 'UTC', '2024-02-29T00:00:00+00:00'],
    // Months: the day is clamped, never rolled over.
    ['2026-03-31T10:00:00Z', 'month', -1, 'UTC', '2026-02-28T10:00:00+00:00'],
    ['2024-03-31T10:00:00Z', 'month', -1, 'UTC', '2024-02-29T10:00:00+00:00'],
    ['2026-05-31T10:00:00Z', 'month', -1, 'UTC', '2026-04-30T10:00:00+00:00'],
    ['2026-01-31T10:00:00Z', 'month', 1, 'UTC', '2026-02-28T10:00:00+00:00'],
    ['2026-01-30T10:00:00Z', 'month', 1, 'UTC', '2026-02-28T10:00:00+00:00'],
    ['2026-02-28T10:00:00Z', 'month', 1, 'UTC', '2026-03-28T10:00:00+00:00'],
    ['2024-02-29T10:00:00Z', 'month', 12, 'UTC', '2025-02-28T10:00:00+00:00'],
    ['2024-02-29T10:00:00Z', 'month', -48, 'UTC', '2020-02-29T10:00:00+00:00'],
    ['2000-02-29T10:00:00Z', 'month', -1200, 'UTC', '1900-02-28T10:00:00+00:00'],
    ['2026-01-15T10:00:00Z', 'month', -1, 'UTC', '2025-12-15T10:00:00+00:00'],
    ['2026-12-15T10:00:00Z', 'month', 1, 'UTC', '2027-01-15T10:00:00+00:00'],
    // The 31st in Tokyo is the 30th in UTC.
    ['2026-03-30T15:00:00Z', 'month', -1, tokyo, '2026-02-28T00:00:00+09:00'],
    ['2026-03-30T15:00:00Z', 'month', -1, 'UTC', '2026-02-28T15:00:00+00:00'],
    // First and last days.
    ['2026-03-31T10:00:00Z', 'first_day_of_month', 0, 'UTC', '2026-03-01T10:00:00+00:00'],
    ['2026-03-31T10:00:00Z', 'first_day_of_month', -1, 'UTC', '2026-02-01T10:00:00+00:00'],
    ['2026-03-31T15:00:00Z', 'first_day_of_month', 0, tokyo, '2026-04-01T00:00:00+09:00'],
    ['2026-02-10T10:00:00Z', 'last_day_of_month', 0, 'UTC', '2026-02-28T10:00:00+00:00'],
    ['2024-01-31T10:00:00Z', 'last_day_of_month', 1, 'UTC', '2024-02-29T10:00:00+00:00'],
    ['2026-03-31T10:00:00Z', 'last_day_of_previous_month', 0, 'UTC', '2026-02-28T10:00:00+00:00'],
    ['2024-03-01T10:00:00Z', 'last_day_of_previous_month', 0, 'UTC', '2024-02-29T10:00:00+00:00'],
    ['2026-01-01T10:00:00Z', 'last_day_of_previous_month', 0, 'UTC', '2025-12-31T10:00:00+00:00'],
    ['2026-01-01T10:00:00Z', 'last_day_of_previous_month', 3, 'UTC', '2026-03-31T10:00:00+00:00'],
    // Clocks that go forward: days keep the time of day, hours do not.
    ['2026-03-07T10:30:00Z', 'day', 1, 'America/Los_Angeles', '2026-03-08T03:30:00-07:00'],
    ['2026-03-07T10:30:00Z', 'hour', 24, 'America/Los_Angeles', '2026-03-08T03:30:00-07:00'],
    ['2026-03-07T20:00:00Z', 'day', 1, 'America/Los_Angeles', '2026-03-08T12:00:00-07:00'],
    ['2026-03-07T20:00:00Z', 'hour', 24, 'America/Los_Angeles', '2026-03-08T13:00:00-07:00'],
    // Clocks that go back: the earlier of two, unless the instant is in the later one already.
    ['2026-10-31T08:30:00Z', 'day', 1, 'America/Los_Angeles', '2026-11-01T01:30:00-07:00'],
    ['2026-11-02T09:30:00Z', 'day', -1, 'America/Los_Angeles', '2026-11-01T01:30:00-08:00'],
    ['2026-11-01T08:30:00Z', 'day', 0, 'America/Los_Angeles', '2026-11-01T01:30:00-07:00'],
    ['2026-11-01T09:30:00Z', 'day', 0, 'America/Los_Angeles', '2026-11-01T01:30:00-08:00'],
    ['2026-11-01T08:30:00Z', 'hour', 1, 'America/Los_Angeles', '2026-11-01T01:30:00-08:00'],
    // Half an hour of daylight saving, quarters, and a day that Samoa never had.
    ['2026-10-02T15:45:00Z', 'day', 1, 'Australia/Lord_Howe', '2026-10-04T02:45:00+11:00'],
    ['2026-09-25T14:00:00Z', 'day', 1, 'Pacific/Chatham', '2026-09-27T03:45:00+13:45'],
    ['2011-12-30T00:00:00Z', 'day', 1, 'Pacific/Apia', '2011-12-31T14:00:00+14:00'],
    ['2026-01-01T00:15:00Z', 'day', -1, 'Asia/Kathmandu', '2025-12-31T06:00:00+05:45'],
    // Offsets west of UTC, and with seconds, of long ago.
    ['2026-01-01T02:00:00Z', 'day', 0, 'America/St_Johns', '2025-12-31T22:30:00-03:30'],
    ['1960-01-01T00:44:30Z', 'month', 1, 'Africa/Monrovia', '1960-02-01T00:00:00-00:44'],
    ['2026-01-01T00:00:00Z', 'day', 0, '-03:30', '2025-12-31T20:30:00-03:30'],
    // Where four digits of a year end.
    ['9999-12-31T00:00:00Z', 'month', 0, 'UTC', '9999-12-31T00:00:00+00:00'],
    ['9999-12-31T00:00:00Z', 'month', 1, 'UTC', 'none'],
    ['9999-12-31T12:00:00Z', 'hour', 12, 'UTC', 'none'],
    ['9999-12-31T16:00:00Z', 'hour', 0, tokyo, 'none'],
    ['2026-01-01T00:00:00Z', 'month', -2025 * 12, 'UTC', '0001-01-01T00:00:00+00:00'],
    ['2026-01-01T00:00:00Z', 'month', -2025 * 12 - 1, 'UTC', 'none'],
    ['2026-01-01T00:00:00Z', 'day', -1e10, 'UTC', 'none'],
    ['2026-01-01T00:00:00Z', 'minute', 1e300, 'UTC', 'none'],
    ['2026-01-01T00:00:00Z', 'day', 0.5, 'UTC', 'none'],
  ])('%s by %s %d in %s', (at, unit, quantity, zone, expected) =>
    expect(moved(at, unit, quantity, zone)).toBe(expected),
  );

  const zones = [
    ...['UTC', 'Asia/Tokyo', 'America/Los_Angeles', 'America/St_Johns', 'Europe/Dublin', 'Australia/Lord_Howe'],
    ...['Pacific/Chatham', 'Pacific/Apia', 'Africa/Casablanca', 'America/Santiago', 'Asia/Kathmandu', 'Asia/Gaza'],
    ...['Antarctica/Troll', 'America/Scoresbysund', 'Asia/Tehran', 'Africa/Monrovia', '+09:30', '-11:00'],
  ];
  const cases = fc.record({
    zone: fc.constantFrom(...zones),
    // 1900 to 2100.
    seconds: fc.integer({ min: -2_208_988_800, max: 4_102_444_800 }),
    nanos: fc.nat(999_999_999),
    quantity: fc.integer({ min: -2000, max: 2000 }),
  });

  it('moves days and months as Temporal does, the offset kept where it may be', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom('day' as const, 'month' as const), (given, unit) => {
        const { zone, seconds, nanos, quantity } = given;
        const at = Temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(zone);
        // Temporal rounds offsets with seconds where it compares them.
        fc.pre(Number.isInteger(at.offsetNanoseconds / 6e10));
        const local = at.toPlainDateTime().add(unit === 'day' ? { days: quantity } : { months: quantity });
        const expected = Temporal.ZonedDateTime.from(`${local.toString()}${at.offset}[${zone}]`, { offset: 'prefer' });
        expect(shiftInstant({ seconds, nanos }, { unit, quantity }, zoneOf(zone))).toEqual({
          seconds: expected.epochMilliseconds / 1000,
          nanos,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('goes there and back by minutes and hours, and never leaves the month that it was sent to', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom('minute' as const, 'hour' as const), (given, unit) => {
        const { zone: name, seconds, nanos, quantity } = given;
        const zone = zoneOf(name);
        const there = shiftInstant({ seconds, nanos }, { unit, quantity }, zone);
        expect(there && shiftInstant(there, { unit, quantity: -quantity }, zone)).toEqual({ seconds, nanos });
        const monthOf = (at: number): number => {
          const { year, month } = Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(name);
          return year * 12 + month;
        };
        const month = shiftInstant({ seconds, nanos }, { unit: 'month', quantity }, zone);
        // A local midnight that is jumped over may be the first of the next month, and nothing else is.
        const isJumped = month !== undefined && monthOf(month.seconds - 86_400) === monthOf(seconds) + quantity;
        expect(isJumped || monthOf(month?.seconds ?? 0) === monthOf(seconds) + quantity).toBe(true);
      }),
    );
  });
});

describe('rubyText()', () => {
  const seconds = Date.UTC(2005, 0, 2, 3, 4, 5) / 1000;
  // As Ruby 3.3 prints them.
  it.each([
    ['%Y%m%d', 'UTC', '20050102'],
    ['%Y/%m/%d %H:%M:%S', 'UTC', '2005/01/02 03:04:05'],
    ['%Y-%m-%dT%H:%M:%S%:z', 'Asia/Tokyo', '2005-01-02T12:04:05+09:00'],
    ['%s', 'Asia/Tokyo', '1104635045'],
    ['%s%L', 'UTC', '1104635045123'],
    ['%-d/%-m/%-H', 'UTC', '2/1/3'],
    ['%L %N %3N %6N', 'UTC', '123 123456789 123 123456'],
    ['%j %U %W %V %G %g %u %w', 'UTC', '002 01 00 53 2004 04 7 0'],
    ['%v|%+', 'UTC', ' 2-JAN-2005|Sun Jan  2 03:04:05 UTC 2005'],
    ['%^a %^b %10Y %_m %e %k %l %I %p %P', 'UTC', 'SUN JAN 0000002005  1  2  3  3 03 AM am'],
    ['%z %:z %::z %Z', 'America/Los_Angeles', '-0800 -08:00 -08:00:00 PST'],
    [
      '%F %T %D %R %r %c %x %X',
      'UTC',
      '2005-01-02 03:04:05 01/02/05 03:04 03:04:05 AM Sun Jan  2 03:04:05 2005 01/02/05 03:04:05',
    ],
    ['100%% %! %', 'UTC', '100% %! %'],
  ])('prints %s in %s', (format, zone, text) =>
    expect(rubyText({ seconds, nanos: 123_456_789 }, format, zoneOf(zone))).toBe(text),
  );
});

describe('zoneOfRegion()', () => {
  it('takes ids of the database, not what texts call a zone', () => {
    // A table of texts has it without daylight saving.
    expect(zoneOf('Egypt').offsetAt(Date.UTC(2025, 6, 1) / 1000)).toBe(3 * 3600);
    expect(zoneOfRegion('Mars/Olympus')).toBeUndefined();
    expect(zoneOfRegion('')).toBeUndefined();
  });
});
