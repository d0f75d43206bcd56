import { describe, expect, it } from 'vitest';
import { parseCron } from './cron-expression.ts';

describe('parseCron()', () => {
  it.each([
    ['lists, ranges, steps', '0,30 9-11/2 * * *', { times: [540, 570, 660, 690], isWildcard: false }],
    ['a step of hours is a wildcard', '0 */6 * * *', { times: [0, 360, 720, 1080], isWildcard: true }],
    ['all hours as a range are times of day', '0 0-23 * * *', { isWildcard: false }],
    ['names', '0 0 * JAN,mar Mon-fri', { months: 0b1010, weekdays: 0b111_110 }],
    ['Sunday has two numbers', '0 0 * * 5-7', { weekdays: 0b1_100_001 }],
    ['the last day', '0 0 1,L * *', { days: 0b10, hasLastDay: true }],
  ])('reads %s', (_title, text, expected) => {
    expect(parseCron(text)).toMatchObject(expected);
  });

  it.each([
    ['* * * *', '4 fields'],
    ['60 * * * *', '"60" is no minute from 0 to 59'],
    ['* * 0 * *', '"0" is no day of the month'],
    ['* * * foo *', '"foo" is no month'],
    ['5/10 * * * *', 'a step needs'],
    ['*/0 * * * *', 'zero'],
    ['* 9-5 * * *', 'runs backwards'],
    ['* * 1,,2 * *', '"" is no day of the month'],
    ['* * ? * *', '"?" is no'],
  ])('refuses %s', (text, reason) => {
    expect(() => parseCron(text)).toThrow(reason);
  });

  it('refuses what never comes', () => {
    expect(() => parseCron('0 0 30 2 *')).toThrow(expect.objectContaining({ code: 'CRON_NEVER' }));
    expect(parseCron('0 0 29 2 *').namedDays).toBe(1 << 29);
  });
});
