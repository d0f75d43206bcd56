import { describe, expect, it } from 'vitest';
import { minutesOf, oracleSlots } from '#test/kit/minute-oracle.ts';
import { Random } from '#test/sim/random.ts';
import { parseCron } from './cron-expression.ts';
import { nextSlot, slotsUntil } from './next-slot.ts';

const DAY_MS = 86_400_000;

function slots(expression: string, zone: string, from: string, to: string): string[] {
  const timing = { cron: parseCron(expression), zone };
  return [...slotsUntil(timing, Date.parse(from) - 1, Date.parse(to))].map(({ at, fires, isShifted, absent }) => {
    const marks = [...(fires ? [] : ['skip']), ...(isShifted ? ['shifted'] : []), ...absent];
    return [new Date(at).toISOString().slice(0, 16), ...marks].join(' ');
  });
}

describe('nextSlot()', () => {
  it.each([
    [
      'gap, time of day',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28/2026-03-31',
      ['2026-03-28T01:30', '2026-03-29T01:00 shifted', '2026-03-30T00:30'],
    ],
    [
      'gap, several times collapse',
      '0,30 2,3 * * *',
      'Europe/Berlin',
      '2026-03-29/2026-03-29T12',
      ['2026-03-29T01:00 shifted', '2026-03-29T01:30'],
    ],
    [
      'gap, wildcard hour',
      '30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:00/2026-03-29T03',
      ['2026-03-29T00:30', '2026-03-29T01:30', '2026-03-29T02:30'],
    ],
    ['overlap, time of day', '30 2 * * *', 'Europe/Berlin', '2026-10-25/2026-10-26', ['2026-10-25T00:30']],
    [
      'overlap, wildcard hour',
      '30 */1 * * *',
      'Europe/Berlin',
      '2026-10-25/2026-10-25T02',
      ['2026-10-25T00:30', '2026-10-25T01:30'],
    ],
    [
      'midnight gap',
      '0 0 * * *',
      'Africa/Cairo',
      '2026-04-23T12/2026-04-25',
      ['2026-04-23T22:00 shifted', '2026-04-24T21:00'],
    ],
    [
      'midnight gap of old',
      '0 0 * * *',
      'America/Sao_Paulo',
      '2018-11-03T12/2018-11-05T12',
      ['2018-11-04T03:00 shifted', '2018-11-05T02:00'],
    ],
    [
      'a day that there was not',
      '30 9 * * *',
      'Pacific/Apia',
      '2011-12-29/2012-01-01',
      ['2011-12-29T19:30', '2011-12-30T10:00 skip 2011-12-30', '2011-12-30T19:30', '2011-12-31T19:30'],
    ],
    [
      'a day that there was not, at midnight',
      '0 0 * * *',
      'Pacific/Apia',
      '2011-12-29/2011-12-31',
      ['2011-12-29T10:00', '2011-12-30T10:00 2011-12-30'],
    ],
    [
      'half an hour forward',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03/2026-10-05',
      ['2026-10-03T15:30 shifted', '2026-10-04T15:15'],
    ],
    ['half an hour back', '45 1 * * *', 'Australia/Lord_Howe', '2026-04-04/2026-04-05', ['2026-04-04T14:45']],
    [
      'half an hour back, wildcard',
      '45 * * * *',
      'Australia/Lord_Howe',
      '2026-04-04T14:30/2026-04-04T16',
      ['2026-04-04T14:45', '2026-04-04T15:15'],
    ],
    [
      'a day that months lack',
      '0 9 31 * *',
      'Asia/Tokyo',
      '2026-03-30/2026-06-01',
      ['2026-03-31T00:00', '2026-04-30T15:00 skip 2026-04-31', '2026-05-31T00:00'],
    ],
    [
      'the last day',
      '0 9 L * *',
      'Asia/Tokyo',
      '2026-01-15/2026-04-01',
      ['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00'],
    ],
    ['either day', '0 0 13 * fri', 'Etc/UTC', '2026-03-10/2026-03-20', ['2026-03-13T00:00', '2026-03-20T00:00']],
  ] as const)('%s: %s in %s', (_title, expression, zone, range, expected) => {
    const [from = '', to = ''] = range.split('/');
    const instant = (text: string): string =>
      text.includes('T') ? `${text.padEnd(13, '0')}:00Z`.replace(/:00:00Z/, ':00Z') : text;
    expect(slots(expression, zone, instant(from), instant(to))).toEqual(expected);
  });

  it('comes to an end where nothing comes any more', () => {
    expect(nextSlot({ cron: parseCron('0 0 29 2 */7'), zone: 'Etc/UTC' }, Date.UTC(2026, 0, 1))?.at).toBe(
      Date.UTC(2032, 1, 29),
    );
  });

  it('counts intervals from 1970, in UTC', () => {
    const at = Date.UTC(2026, 2, 29, 0, 0, 1);
    expect(nextSlot({ intervalS: 6 * 3600 }, at)?.at).toBe(Date.UTC(2026, 2, 29, 6));
    expect(nextSlot({ intervalS: 6 * 3600 }, Date.UTC(2026, 2, 29, 6))?.at).toBe(Date.UTC(2026, 2, 29, 12));
  });
});

const zones = [
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Asia/Tokyo',
  'Asia/Kathmandu',
  'Etc/UTC',
];
const expressions = [
  '* * * * *',
  '*/15 * * * *',
  '0 * * * *',
  '30 * * * *',
  '7,37 */2 * * *',
  '0 */3 * * *',
  '59 */1 * * *',
  '15 * 1-7 * mon',
  '*/20 * 31 * *',
  '5 */6 L * *',
  '0 0 * * *',
  '30 0 * * *',
  '0 1 * * *',
  '30 1 * * *',
  '0 2 * * *',
  '15 2 * * *',
  '30 2 * * *',
  '0 3 * * *',
  '30 23 * * *',
  '59 23 * * *',
  '*/10 0-4 * * *',
  '0,30 1,2,3 * * *',
  '0 0-23 * * *',
  '*/30 0-23/2 * * *',
  '0 0 * * sun',
  '30 2 * * 7',
  '0 2 * * sat,sun',
  '0 9 * * mon-fri',
  '30 1 1 * *',
  '0 0 1 * *',
  '0 0 31 * *',
  '30 2 30,31 * *',
  '0 9 29 2 *',
  '0 0 L * *',
  '30 2 L * *',
  '45 23 L 2,12 *',
  '0 0 13 * fri',
  '30 2 1-7 3,10,11 sun',
  '0 12 */2 * *',
  '30 2 */2 * */2',
];
const isWhole = process.env['ROPEWAY_PROOF'] === 'schedule';
/** Of a zone; all of them in the proof. */
const TRANSITIONS = isWhole ? Infinity : 4;
const RANDOM_DAYS = isWhole ? 1000 : 4;
const TRANSITION_DAYS = isWhole ? 3 : 1;

/** Instants around which clocks change in any way, 1970 to 2040. */
function transitions(zone: string): number[] {
  const found: number[] = [];
  let at = Temporal.Instant.from('1970-01-01T00:00Z').toZonedDateTimeISO(zone).getTimeZoneTransition('next');
  for (; at !== null && at.year <= 2040; at = at.getTimeZoneTransition('next')) found.push(at.epochMilliseconds);
  return found;
}

describe('nextSlot() and the minute-by-minute oracle', () => {
  const seed = Number(process.env['ROPEWAY_SEED'] ?? Date.now() % 1_000_000);
  const cases = expressions.map((text) => ({ text, cron: parseCron(text) }));

  it.each(zones)(
    `D-61 agree in %s (seed ${seed})`,
    (zone) => {
      const random = new Random(seed);
      const all = transitions(zone);
      const known = all.filter((at) => [2011, 2018].includes(new Date(at).getUTCFullYear()));
      const drawn = all.length <= TRANSITIONS ? all : Array.from({ length: TRANSITIONS }, () => random.pick(all) ?? 0);
      const days = Array.from({ length: RANDOM_DAYS }, () => Date.UTC(1970, 0, 2 + random.below(71 * 365 - 2)));
      const windows = [...new Set(isWhole ? all : [...drawn, ...known])].map(
        (at) => [at - TRANSITION_DAYS * DAY_MS, at + TRANSITION_DAYS * DAY_MS] as const,
      );
      windows.push(...days.map((day) => [day, day + DAY_MS] as const));
      let compared = 0;
      for (const [from, to] of windows) {
        const minutes = minutesOf(zone, from, to);
        for (const { text, cron } of cases) {
          const found = [...slotsUntil({ cron, zone }, from - 1, to - 1)];
          const hint = `${text} in ${zone} from ${new Date(from).toISOString()}`;
          const expected = oracleSlots(text, minutes);
          compared += expected.length;
          // Comparing texts is many times faster, and says less.
          if (JSON.stringify(found) !== JSON.stringify(expected)) expect(found, hint).toEqual(expected);
        }
      }
      expect(compared).toBeGreaterThan(expressions.length);
    },
    isWhole ? 3_600_000 : 20_000,
  );
});
