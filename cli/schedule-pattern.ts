/** When a schedule comes, as options of a command say it. */
import type { SchedulePattern } from '#api/resources/schedule.ts';
import { schedulePattern } from '#api/resources/schedule.ts';
import type { ControlOptions } from './control-client.ts';
import { cliErrors } from './errors.ts';

export interface PatternOptions extends ControlOptions {
  readonly hourly?: string;
  readonly daily?: string;
  readonly weekly?: string;
  readonly monthly?: string;
  readonly every?: string;
  readonly cron?: string;
  readonly at?: string;
  readonly zone?: string;
}

/** Undefined when none of the options is there. */
export function patternOf(options: PatternOptions): SchedulePattern | undefined {
  const { hourly, daily, weekly, monthly, every, cron, at } = options;
  const given = [
    ...(hourly === undefined ? [] : [{ kind: 'hourly', minute: Number(hourly) }]),
    ...(daily === undefined ? [] : [{ kind: 'daily', time: timeOf(daily) }]),
    ...(weekly === undefined ? [] : [{ kind: 'weekly', weekdays: wordsOf(weekly), time: timeOf(at) }]),
    ...(monthly === undefined ? [] : [{ kind: 'monthly', days: wordsOf(monthly).map(dayOf), time: timeOf(at) }]),
    ...(every === undefined ? [] : [{ kind: 'every', minutes: Number(every) }]),
    ...(cron === undefined ? [] : [{ kind: 'cron', cron }]),
  ];
  if (given.length === 0) return undefined;
  if (given.length > 1) throw cliErrors.error('PATTERN_INVALID', { reason: 'there are several of its options' });
  const read = schedulePattern.safeParse(given[0]);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  throw cliErrors.error('PATTERN_INVALID', { reason });
}

/** Of a command that needs one. */
export function neededPattern(options: PatternOptions): SchedulePattern {
  const pattern = patternOf(options);
  if (pattern === undefined) throw cliErrors.error('PATTERN_INVALID', { reason: 'it is missing' });
  return pattern;
}

/** People mean the clock on their wall. */
export function zoneOf({ zone }: PatternOptions): string {
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `9:30` is `09:30`. */
function timeOf(text: string | undefined): string {
  if (text === undefined) throw cliErrors.error('PATTERN_INVALID', { reason: '--at HH:MM is missing' });
  return /^\d:\d\d$/.test(text) ? `0${text}` : text;
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(',')
    .map((word) => word.trim());
}

function dayOf(word: string): number | string {
  return /^\d{1,2}$/.test(word) ? Number(word) : word;
}
