import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jodaParserFormat, jodaPrinterFormat } from './joda-pattern.ts';
import { timestampFormatter } from './timestamp-formatter.ts';
import { timestampParser } from './timestamp-parser.ts';
import { doubleOfNanos, longOfNanos, nanosOfDouble, nanosOfLong, nanosOfTimestamp, timestampOfNanos } from './units.ts';

describe('units of time', () => {
  it('are exact for whole numbers, whatever the unit', () => {
    const longs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(longs, fc.constantFrom('second', 'milli', 'micro', 'nano'), (value, unit) => {
        const nanos = nanosOfLong(value, unit);
        expect(longOfNanos(nanos, unit, true)).toBe(value);
        const time = timestampOfNanos(nanos);
        if (time !== undefined) expect(nanosOfTimestamp(time)).toBe(nanos);
      }),
    );
  });

  it('truncate numbers, and count the units that have passed of instants', () => {
    expect([-1_500_000_000n, 1_500_000_000n].map((nanos) => longOfNanos(nanos, 'second', true))).toEqual([-1n, 1n]);
    expect([-1_500_000_000n, 1_500_000_000n].map((nanos) => longOfNanos(nanos, 'second', false))).toEqual([-2n, 1n]);
    expect(longOfNanos(2n ** 64n, 'nano', true)).toBeUndefined();
    expect(timestampOfNanos(-1n)).toEqual({ seconds: -1, nanos: 999_999_999 });
    expect(timestampOfNanos(nanosOfLong(2n ** 62n, 'second'))).toBeUndefined();
  });

  it('read and write doubles', () => {
    expect(nanosOfDouble(1.5, 'second')).toBe(1_500_000_000n);
    expect(nanosOfDouble(-0.25, 'milli')).toBe(-250_000n);
    expect(nanosOfDouble(Number.NaN, 'second')).toBeUndefined();
    expect(doubleOfNanos(1_767_323_045_123_456_000n, 'second')).toBe(1767323045.123456);
    expect(doubleOfNanos(-1_500_000n, 'milli')).toBe(-1.5);
  });
});

describe('jodaParserFormat()', () => {
  it.each([
    ['yyyy-MM-dd HH:mm:ss', '2026-01-02 03:04:05', 0],
    ['yyyy/M/d H:m:s', '2026/1/2 3:4:5', 0],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZZ", '2026-01-02T12:04:05.120+09:00', 120_000_000],
    ['yyyyMMddHHmmss.nnnnnnnnn', '20260102030405.123456789', 123_456_789],
    ['[dd MMM yyyy] hh:mm:ss a Z', '[02 Jan 2026] 03:04:05 AM Z', 0],
  ])('%s reads %s', (pattern, text, nanos) => {
    const parser = timestampParser(jodaParserFormat(pattern), { timezone: 'UTC', date: '1970-01-01' });
    expect(parser.parse(text)).toEqual({ seconds: 1767323045, nanos });
    expect(parser.parse(`${text}x`)).toBeUndefined();
  });

  it.each(['yyyy ww', 'nnnnnn', "yyyy 'x", 'z'])('refuses %s', (pattern) => {
    expect(() => jodaParserFormat(pattern)).toThrow(expect.objectContaining({ code: 'TIME_FORMAT_INVALID' }));
  });
});

describe('jodaPrinterFormat()', () => {
  it.each([
    ['yyyy-MM-dd HH:mm:ss.SSS Z', '2026-01-02 12:04:05.123 +0900'],
    ["yy/M/d 'o''clock' h a ZZ z", "26/1/2 o'clock 12 PM +09:00 JST"],
    ['EEE EEEE MMM MMMM DDD D', 'Fri Friday Jan January 002 2'],
    ['ss.nnnnnn ss.nnnnnnnnn', '05.123456 05.123456789'],
  ])('%s prints %s', (pattern, text) => {
    const formatter = timestampFormatter(jodaPrinterFormat(pattern), 'Asia/Tokyo');
    expect(formatter.format(1767323045, 123_456_789)).toBe(text);
  });

  it.each(['yyyy ww', 'kk', 'ZZZ', 'nnn'])('refuses %s', (pattern) => {
    expect(() => jodaPrinterFormat(pattern)).toThrow(expect.objectContaining({ code: 'TIME_FORMAT_INVALID' }));
  });
});
