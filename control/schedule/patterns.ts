/** What a person chooses, as the cron or the interval that the scheduler goes by, and in words. */
import type { SchedulePattern } from '#api/resources/schedule.ts';
import { schedulePattern, weekdays } from '#api/resources/schedule.ts';
import { Refusal } from '#control/http/refusal.ts';
import { isRopewayError } from '#spi/errors.ts';
import { parseCron } from './cron-expression.ts';
import { scheduleErrors } from './errors.ts';
import type { Timing } from './next-slot.ts';
import { timingOf } from './schedule-row.ts';
import { zoneOffsets } from './zone-offsets.ts';

/** One of the two. */
export interface TimingColumns {
  readonly cron: string | null;
  readonly interval_s: number | null;
}

export function timingColumns(pattern: SchedulePattern): TimingColumns {
  if (pattern.kind === 'every') return { cron: null, interval_s: pattern.minutes * 60 };
  return { cron: cronOf(pattern), interval_s: null };
}

function cronOf(pattern: Exclude<SchedulePattern, { kind: 'every' }>): string {
  switch (pattern.kind) {
    case 'hourly':
      return `${pattern.minute} * * * *`;
    case 'daily':
      return `${minuteAndHour(pattern.time)} * * *`;
    case 'weekly':
      return `${minuteAndHour(pattern.time)} * * ${weekdays.filter((day) => pattern.weekdays.includes(day)).join(',')}`;
    case 'monthly':
      return `${minuteAndHour(pattern.time)} ${inOrder(pattern.days)
        .map((day) => (day === 'last' ? 'L' : day))
        .join(',')} * *`;
    case 'cron':
      return pattern.cron;
  }
}

function minuteAndHour(time: string): string {
  const [hour, minute] = time.split(':').map(Number);
  return `${minute} ${hour}`;
}

function inOrder(days: readonly (number | 'last')[]): (number | 'last')[] {
  const place = (day: number | 'last'): number => (day === 'last' ? 32 : day);
  return days.toSorted((left, right) => place(left) - place(right));
}

/** Of a row: what was chosen, or, of one that was made without, what it goes by. */
export function patternOf(row: TimingColumns & { readonly pattern: unknown }): SchedulePattern {
  const kept = schedulePattern.safeParse(row.pattern);
  if (kept.success) return kept.data;
  if (row.cron !== null) return { kind: 'cron', cron: row.cron };
  return { kind: 'every', minutes: Math.max(1, Math.round((row.interval_s ?? 0) / 60)) };
}

/** Throws, with the field of the body that is wrong, when the pattern or the zone is none. */
export function checkedTiming(pattern: SchedulePattern, zone: string): { timing: Timing; zone: string } {
  const canonical = atField(['timeZone'], () => zoneName(zone));
  const path = pattern.kind === 'monthly' ? ['pattern', 'days'] : ['pattern', 'cron'];
  const { cron, interval_s } = timingColumns(pattern);
  if (cron !== null) atField(path, () => parseCron(cron));
  return { timing: timingOf({ cron, interval_s, time_zone: canonical }), zone: canonical };
}

/** As IANA spells it. An offset from UTC is no zone: nobody could say what clocks do there. */
function zoneName(zone: string): string {
  if (!/^[A-Za-z]/.test(zone)) throw scheduleErrors.error('TIME_ZONE_UNKNOWN', { zone });
  zoneOffsets(zone);
  return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
}

function atField<T>(path: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    throw new Refusal(error, 422, { errors: [{ in: 'body', path: [...path], message: error.message }] });
  }
}

const dayWords = {
  sun: 'Sunday',
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
} as const;

export function patternWords(pattern: SchedulePattern): string {
  switch (pattern.kind) {
    case 'hourly':
      return `every hour at minute ${pattern.minute}`;
    case 'daily':
      return `every day at ${pattern.time}`;
    case 'weekly': {
      const days = weekdays.filter((day) => pattern.weekdays.includes(day)).map((day) => dayWords[day]);
      return `every ${listed(days)} at ${pattern.time}`;
    }
    case 'monthly': {
      const days = inOrder(pattern.days);
      const numbers = days.filter((day) => day !== 'last').map(String);
      const named = numbers.length === 0 ? [] : [`day ${listed(numbers)}`];
      const last = days.includes('last') ? ['the last day'] : [];
      return `on ${listed([...named, ...last])} of each month at ${pattern.time}`;
    }
    case 'every':
      return everyWords(pattern.minutes);
    case 'cron':
      return `by cron: ${pattern.cron}`;
  }
}

function everyWords(minutes: number): string {
  if (minutes % 60 !== 0) return minutes === 1 ? 'every minute' : `every ${minutes} minutes`;
  return minutes === 60 ? 'every hour' : `every ${minutes / 60} hours`;
}

function listed(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
