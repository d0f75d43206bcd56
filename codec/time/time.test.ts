import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilFromDays, daysFromCivil } from './civil.ts';
import { timestampFormatter } from './timestamp-formatter.ts';
import { timestampParser } from './timestamp-parser.ts';
import { offsetOfText, zoneOfName } from './zone.ts';

const utc = { timezone: 'UTC', date: '1970-01-01' };

/** The instant as ISO text, or `invalid`. */
function parsed(format: string, text: string, options: Partial<typeof utc> = {}): string {
  const time = timestampParser(format, { ...utc, ...options }).parse(text);
  if (time === undefined) return 'invalid';
  return timestampFormatter('%Y-%m-%d %H:%M:%S.%N', 'UTC')
    .format(time.seconds, time.nanos)
    .replace(/\.?0*$/, '');
}

describe('timestampParser() in plain notation', () => {
  it.each([
    ['%Y-%m-%d %H:%M:%S.%N %z', '2015-01-02 03:04:05.1234567891234 -0330', '2015-01-02 06:34:05.123456789'],
    ['%Y-%m-%d %H:%M:%S.%N %z', '2015-01-02 03:04:05 +0900', 'invalid'],
    ['%Y-%m-%d %H:%M:%S.%N %z', '2015-01-02 03:04:05.1', 'invalid'],
    ['%Y-%m-%d %H:%M:%S.%N %z', '2015-01-02 03:04:05.1 EST5EDT', 'invalid'],
    ['%Y-%m-%d', '15-01-02', '0015-01-02 00:00:00'],
    ['%Y-%m-%d', '12015-01-02', '12015-01-02 00:00:00'],
    ['%Y-%m-%d', '+2015-01-02', '2015-01-02 00:00:00'],
    ['%Y-%m-%d', '2015-01-02garbage', '2015-01-02 00:00:00'],
    ['%Y-%m-%d', '2015-02-31', '2015-03-03 00:00:00'],
    ['%Y-%m-%d', '2015-13-01', 'invalid'],
    ['%Y-%m-%d', '2015-01-00', 'invalid'],
    ['%Y-%m-%d', ' 2015-01-02', 'invalid'],
    ['%Y-%m-%d', '', 'invalid'],
    ['%Y-%m-%d %H:%M:%S', '2015-01-02 24:00:00', '2015-01-03 00:00:00'],
    ['%Y-%m-%d %H:%M:%S', '2015-01-02 23:59:60', '2015-01-02 23:59:59'],
    ['%Y-%m-%d %H:%M:%S', '2015-01-02 25:00:00', 'invalid'],
    ['%Y-%m-%d %H:%M:%S', '2015-01-0203:04:05', '2015-01-02 03:04:05'],
    ['%Y-%m-%d %H:%M:%S', '2015-01-02T03:04:05', 'invalid'],
    ['%Y%m%d%H%M%S', '201501020304056', '2015-01-02 03:04:05'],
    ['%s', '1500000000.5', '2017-07-14 02:40:00'],
    ['%s.%N', '-1.5', '1969-12-31 23:59:58.5'],
    ['%s.%N', '-0.5', '1970-01-01 00:00:00.5'],
    ['%Q', '-1', '1969-12-31 23:59:59.999'],
    ['%y-%j', '15-032', '2015-02-01 00:00:00'],
    ['%y-%j', '68-366', '2068-12-31 00:00:00'],
    ['%y-%j', '15-366', 'invalid'],
    ['%G-W%V-%u', '2015-W03-4', '1970-01-01 00:00:00'],
    ['%G-W%V', '2015-W54', 'invalid'],
    ['%Y-%-m-%-d', '2015-1-2', 'invalid'],
    ['%d/%b/%Y:%H:%M:%S %z', '10/Oct/2000:13:55:36 -0700', '2000-10-10 20:55:36'],
  ])('%s reads %j', (format, text, expected) => expect(parsed(format, text)).toBe(expected));

  it('takes the date from the options', () => {
    expect(parsed('%I:%M:%S %p', '1:02:03 p.m.', { date: '2020-2-3' })).toBe('2020-02-03 13:02:03');
  });

  it('moves a time in a gap forward and takes the earlier of two', () => {
    const timezone = 'America/Los_Angeles';
    expect(parsed('%Y-%m-%d %H:%M:%S', '2015-03-08 02:30:00', { timezone })).toBe('2015-03-08 10:30:00');
    expect(parsed('%Y-%m-%d %H:%M:%S', '2015-11-01 01:30:00', { timezone })).toBe('2015-11-01 08:30:00');
  });

  it.each([
    [{ timezone: 'Mars/Olympus' }, 'TIME_ZONE_UNKNOWN'],
    [{ date: '1420156800000' }, 'TIME_DATE_INVALID'],
    [{ date: '2015-02-30' }, 'TIME_DATE_INVALID'],
  ])('refuses the option %j', (options, code) => {
    expect(() => timestampParser('%Y', { ...utc, ...options })).toThrow(expect.objectContaining({ code }));
  });
});

describe('timestampParser() in java: notation', () => {
  it.each([
    ['java:uuuu-MM-dd HH:mm:ss.SSS', '2015-01-02 03:04:05.678', '2015-01-02 03:04:05.678'],
    ['java:uuuu-MM-dd HH:mm:ss.SSS', '2015-02-31 00:00:00.000', 'invalid'],
    ['java:uuuu-MM-dd', '2015-1-2', 'invalid'],
    ['java:uuuu-MM-dd HH', '2015-01-02 24', 'invalid'],
    ['java:uuuuMMddHHmmss', '20150102030405', '2015-01-02 03:04:05'],
    ["java:uuuu-MM-dd'T'HH:mm:ss[.SSS]XXX", '2015-01-02T03:04:05+09:00', '2015-01-01 18:04:05'],
    ["java:uuuu-MM-dd'T'HH:mm:ss[.SSS]XXX", '2015-01-02T03:04:05.250Z', '2015-01-02 03:04:05.25'],
    ['java:d MMM uuuu', '2 jan 2015', '2015-01-02 00:00:00'],
    ['java:uuuu-MM-dd', '2015-01-02x', 'invalid'],
  ])('%s reads %j', (format, text, expected) => expect(parsed(format, text)).toBe(expected));

  it.each(['java:uuuu-MM-dd q', 'java:[uuuu', "java:'x", 'java:uuuu]'])('refuses %s', (format) => {
    expect(() => timestampParser(format, utc)).toThrow(expect.objectContaining({ code: 'TIME_FORMAT_INVALID' }));
  });
});

describe('offsetOfText()', () => {
  it.each([
    ['Z', 0],
    ['jst', 9],
    ['EDT', -5],
    ['PDT', -8],
    ['Pacific Daylight Time', -7],
    ['Eastern  Standard Time', -5],
    ['JST dst', 10],
    ['+9', 9],
    ['+0930', 9.5],
    ['+9.5', 9.5],
    ['+123', 1 + 23 / 60],
    ['+12345', 1 + 23 / 60 + 45 / 3600],
    ['UTC-3', -3],
    ['-18:00', -18],
  ])('%s is %d hours', (text, hours) => expect(offsetOfText(text)).toBeCloseTo(hours * 3600));
  it.each(['XYZ', 'Asia/Tokyo', '+18:01', ''])('refuses %j', (text) => expect(offsetOfText(text)).toBeUndefined());
});

describe('zoneOfName()', () => {
  it('knows regions, and that some short names are regions', () => {
    expect(zoneOfName('CET')?.offsetAt(Date.UTC(2015, 6, 2) / 1000)).toBe(7200);
    expect(zoneOfName('Asia/Tokyo')?.shortName(0)).toBe('JST');
    expect(zoneOfName('Mars/Olympus')).toBeUndefined();
  });
});

describe('timestampFormatter()', () => {
  const seconds = Date.UTC(2005, 0, 2, 3, 4, 5) / 1000;
  it.each([
    ['%y %C %G %g %V %U %W %u %w %j', '05 20 2004 20 53 01 00 7 0 002'],
    ['%3N|%6N|%12N|%N|%L|%6L', '123|123456|123456789000|123456789|123|123456'],
    ['%-m/%-d %e %k %l %I %p %P', '1/2  2  3  3 03 AM am'],
    ['%^a %^B %#p %#Z %010Y %_5d %-H', 'SUN JANUARY am utc 0000002005     2 3'],
    ['%:::z %::z %::::z %10z %_10z', '+00 +00:00:00 %::::z +000000000       +000'],
    ['%v|%c|%Q|%+|%!|%%|%Ey|%Od|%E', ' 2:Jan:2005|Sun Jan  2 03:04:05 2005|%Q|%+|%!|%|05|02|%E'],
  ])('prints %s', (format, text) => {
    expect(timestampFormatter(format, 'UTC').format(seconds, 123_456_789)).toBe(text);
  });

  it.each([
    ['+09:00', '12:04 +09:00 +0900'],
    ['PST', '19:04 -08:00 -0800'],
    ['Asia/Kolkata', '08:34 IST +0530'],
    ['America/Los_Angeles', '19:04 PST -0800'],
  ])('prints in %s', (zone, text) => {
    expect(timestampFormatter('%H:%M %Z %z', zone).format(seconds, 0)).toBe(text);
  });

  it('prints what the parser reads back', () => {
    const format = '%Y-%m-%d %H:%M:%S.%N %z';
    const parser = timestampParser(format, utc);
    // Before 1888 Tokyo's offset had seconds, which %z does not print.
    const range = { min: -2_500_000_000, max: 250_000_000_000 };
    fc.assert(
      fc.property(fc.integer(range), fc.nat(999_999_999), (at, nanos) => {
        const text = timestampFormatter(format, 'Asia/Tokyo').format(at, nanos);
        expect(parser.parse(text)).toEqual({ seconds: at, nanos });
        const bytes = new TextEncoder().encode(`<${text}>`);
        expect(parser.parseBytes(bytes, 1, bytes.length - 1)).toEqual({ seconds: at, nanos });
      }),
    );
  });
});

describe('civilFromDays()', () => {
  it('agrees with Temporal over ten thousand years either way', () => {
    const epoch = Temporal.PlainDate.from('1970-01-01');
    fc.assert(
      fc.property(fc.integer({ min: -3_650_000, max: 3_650_000 }), (days) => {
        const { year, month, day } = epoch.add({ days });
        expect(civilFromDays(days)).toEqual({ year, month, day });
        expect(daysFromCivil(year, month, day)).toBe(days);
      }),
    );
  });
});
