/**
 * The slots of a schedule: a pure function of the expression, the zone and the instant to begin behind.
 *
 * Local time is walked span by span between the transitions of the zone. A wildcard hour comes whenever the clock shows
 * it. A time of day comes once: where clocks go back, only what they had not shown before counts; where they go forward
 * the times between come together, at the instant of the jump. A day that is jumped over as a whole, and one that a
 * month lacks, do not fire: they are told about, at the instant when they are over.
 *
 * Of our own, for croner 11 fires lists of hours twice where clocks go back, knows no absent days, and takes 300 µs.
 */
import { civilFromDays, monthLength, weekday } from '#codec/time/civil.ts';
import type { CronExpression } from './cron-expression.ts';
import { DAY_MS, dayText } from './local-days.ts';
import { EARLIEST_MS, zoneOffsets } from './zone-offsets.ts';

export interface Slot {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** False when it only tells that a day is absent. */
  readonly fires: boolean;
  /** Its time of day was jumped over. */
  readonly isShifted: boolean;
  /** Local days that were asked for and are in no calendar, such as `2026-02-31`. */
  readonly absent: readonly string[];
}

export type Timing =
  | { readonly cron: CronExpression; readonly zone: string }
  /** Multiples of it since 1970, whatever clocks do. */
  | { readonly intervalS: number };

/** 29 February on a given day of the week comes within 40 years; what does not come till then never does. */
const HORIZON_MS = 41 * 366 * DAY_MS;
const MINUTE_MS = 60_000;

/** The first slot behind the instant; undefined when none comes any more. */
export function nextSlot(timing: Timing, after: number): Slot | undefined {
  if (!('cron' in timing)) {
    const step = timing.intervalS * 1000;
    return { at: (Math.floor(after / step) + 1) * step, fires: true, isShifted: false, absent: [] };
  }
  const { cron, zone } = timing;
  const from = Math.max(after, EARLIEST_MS - 1) + 1;
  const slot = walk(zone, from, {
    isWildcard: cron.isWildcard,
    next: (low, high) => nextLocal(cron, low, high),
  });
  if (cron.namedDays === 0) return slot;
  const lack = nextLack(cron, zone, from, slot?.at ?? from + HORIZON_MS);
  if (lack === undefined) return slot;
  return lack.at === slot?.at ? { ...slot, absent: [...slot.absent, ...lack.absent] } : lack;
}

/** The next ones, at most so many, up to the instant. */
export function* slotsUntil(timing: Timing, after: number, until: number): Generator<Slot, void> {
  for (let slot = nextSlot(timing, after); slot !== undefined && slot.at <= until; slot = nextSlot(timing, slot.at)) {
    yield slot;
  }
}

interface LocalTimes {
  readonly isWildcard: boolean;
  /** The first one in a range of local time. */
  next(low: number, high: number): number | undefined;
}

function walk(zone: string, from: number, times: LocalTimes): Slot | undefined {
  const offsets = zoneOffsets(zone);
  const horizon = from + HORIZON_MS;
  for (let index = offsets.indexAt(from); ; index++) {
    const span = offsets.span(index);
    if (span === undefined || span.start > horizon) return undefined;
    const { start, end, offset, localBefore } = span;
    if (!times.isWildcard && start >= from && localBefore < start + offset) {
      const jumped = inGap(times, localBefore, start + offset);
      if (jumped !== undefined) {
        const isRegularToo = times.next(start + offset, start + offset + 1) !== undefined;
        return { at: start, fires: jumped.isShifted || isRegularToo, ...jumped };
      }
    }
    const low = Math.max(start, from) + offset;
    const high = Math.min(end, horizon) + offset;
    const local = times.next(times.isWildcard ? low : Math.max(low, localBefore), high);
    if (local !== undefined) return { at: local - offset, fires: true, isShifted: false, absent: [] };
  }
}

/** What clocks jumped over. */
function inGap(times: LocalTimes, low: number, high: number): Pick<Slot, 'isShifted' | 'absent'> | undefined {
  const absent: string[] = [];
  let isShifted = false;
  let from = low;
  // Gaps are two days long at most.
  for (;;) {
    const local = times.next(from, high);
    if (local === undefined) break;
    const day = Math.floor(local / DAY_MS);
    const dayEnd = (day + 1) * DAY_MS;
    if (day * DAY_MS >= low && dayEnd <= high) absent.push(dayText(civilFromDays(day)));
    else isShifted = true;
    from = dayEnd;
  }
  return isShifted || absent.length > 0 ? { isShifted, absent } : undefined;
}

function nextLocal(cron: CronExpression, low: number, high: number): number | undefined {
  let day = Math.floor(low / DAY_MS);
  let least = Math.ceil((low - day * DAY_MS) / MINUTE_MS);
  while (day * DAY_MS < high) {
    const { year, month, day: ofMonth } = civilFromDays(day);
    const length = monthLength(year, month);
    if ((cron.months & (1 << month)) === 0) {
      day += length - ofMonth + 1;
      least = 0;
      continue;
    }
    if (isDay(cron, day, ofMonth, length)) {
      const time = cron.times.find((each) => each >= least);
      if (time !== undefined) {
        const local = day * DAY_MS + time * MINUTE_MS;
        return local < high ? local : undefined;
      }
    }
    day += 1;
    least = 0;
  }
  return undefined;
}

function isDay(cron: CronExpression, day: number, ofMonth: number, length: number): boolean {
  const isByMonth = (cron.days & (1 << ofMonth)) !== 0 || (cron.hasLastDay && ofMonth === length);
  const isByWeek = (cron.weekdays & (1 << weekday(day))) !== 0;
  return cron.isEitherDay ? isByMonth || isByWeek : isByMonth && isByWeek;
}

/** The first end of a month that lacks a day which is asked for by name; it is told once, as a time of day is. */
function nextLack(cron: CronExpression, zone: string, from: number, until: number): Slot | undefined {
  const slot = walk(zone, from, {
    isWildcard: false,
    next: (low, high) => nextMonthEnd(cron, low, Math.min(high, until + 2 * DAY_MS)),
  });
  if (slot === undefined || slot.at > until) return undefined;
  const { offset = 0 } = zoneOffsets(zone).span(zoneOffsets(zone).indexAt(slot.at)) ?? {};
  const month = civilFromDays(Math.floor((slot.at + offset) / DAY_MS) - calendarDayOf(slot.at + offset));
  return { at: slot.at, fires: false, isShifted: false, absent: lackingDays(cron, month.year, month.month) };
}

/** The day of its month that a local time is in. */
function calendarDayOf(local: number): number {
  return civilFromDays(Math.floor(local / DAY_MS)).day;
}

function nextMonthEnd(cron: CronExpression, low: number, high: number): number | undefined {
  let day = Math.ceil(low / DAY_MS);
  while (day * DAY_MS < high) {
    const { year, month, day: ofMonth } = civilFromDays(day);
    if (ofMonth === 1) {
      const before = civilFromDays(day - 1);
      if (lackingDays(cron, before.year, before.month).length > 0) return day * DAY_MS;
    }
    day += monthLength(year, month) - ofMonth + 1;
  }
  return undefined;
}

function lackingDays(cron: CronExpression, year: number, month: number): string[] {
  if ((cron.months & (1 << month)) === 0) return [];
  const found: string[] = [];
  for (let day = monthLength(year, month) + 1; day <= 31; day++) {
    if ((cron.namedDays & (1 << day)) !== 0) found.push(dayText({ year, month, day }));
  }
  return found;
}
