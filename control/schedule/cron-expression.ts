/**
 * Five fields of cron, as Vixie's reads them: lists, ranges, steps, names; `L` is the last day of a month. When both
 * days are restricted either will do; a day field that begins with `*` restricts nothing by itself, so that both hold.
 */
import { scheduleErrors } from './errors.ts';

export interface CronExpression {
  readonly text: string;
  /** Minutes of the day, ascending. */
  readonly times: readonly number[];
  /**
   * The hour is `*` or with a step: it follows time as it passes. Any other is a time of day, which comes once a day,
   * whatever the clocks do.
   */
  readonly isWildcard: boolean;
  /** Bits 1 to 12. */
  readonly months: number;
  /** Bits 1 to 31. */
  readonly days: number;
  readonly hasLastDay: boolean;
  /** Bits 0 (Sunday) to 6. */
  readonly weekdays: number;
  readonly isEitherDay: boolean;
  /** Days that are written as such: a month that lacks one of them is told about. */
  readonly namedDays: number;
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minuteField: Field = { name: 'minute', from: 0, to: 59 };
const hourField: Field = { name: 'hour', from: 0, to: 23 };
const dayField: Field = { name: 'day of the month', from: 1, to: 31 };
const monthField: Field = { name: 'month', from: 1, to: 12, names: monthNames };
const weekdayField: Field = { name: 'day of the week', from: 0, to: 7, names: dayNames };

/** Longer ones are mistakes. */
const LENGTH_MAX = 500;
const longestOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function parseCron(text: string): CronExpression {
  const fail = (reason: string) =>
    scheduleErrors.error('CRON_INVALID', { expression: text.slice(0, LENGTH_MAX), reason });
  if (text.length > LENGTH_MAX) throw fail(`it is longer than ${LENGTH_MAX} characters`);
  const words = text.trim().toLowerCase().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = words;
  if (words.length !== 5) throw fail(`it has ${words.length} fields instead of five`);
  const read = (field: Field, word: string): readonly number[] => readField(field, word, fail);
  const minutes = read(minuteField, minute);
  const dayParts = day.split(',');
  const plainDays = dayParts.filter((part) => part !== 'l').join(',');
  const expression: CronExpression = {
    text,
    times: read(hourField, hour).flatMap((each) => minutes.map((least) => each * 60 + least)),
    isWildcard: /^\*(\/\d+)?$/.test(hour),
    months: bits(read(monthField, month)),
    days: plainDays === '' ? 0 : bits(read(dayField, plainDays)),
    hasLastDay: dayParts.includes('l'),
    weekdays: bits(read(weekdayField, weekday).map((each) => each % 7)),
    isEitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
    namedDays: weekday === '*' ? bits(dayParts.filter((part) => /^\d+$/.test(part)).map(Number)) : 0,
  };
  const { isEitherDay, hasLastDay, months, days } = expression;
  const canCome = longestOfMonths.some(
    (longest, index) => (months & (1 << (index + 1))) !== 0 && (days & bits(span(1, longest))) !== 0,
  );
  if (!canCome && !hasLastDay && !isEitherDay) throw scheduleErrors.error('CRON_NEVER', { expression: text });
  return expression;
}

/** The values, ascending and each once. */
function readField(field: Field, word: string, fail: (reason: string) => Error): readonly number[] {
  const { name, from, to } = field;
  const values = new Set<number>();
  for (const part of word.split(',')) {
    const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(part);
    if (match === null) throw fail(`"${part}" is no ${name}`);
    const [, first, last, stepText] = match;
    if (stepText !== undefined && first !== undefined && last === undefined) {
      throw fail(`a step needs * or a range before it, which "${part}" lacks`);
    }
    const step = Number(stepText ?? 1);
    if (step === 0) throw fail(`the step of "${part}" is zero`);
    const low = first === undefined ? from : valueOf(field, first);
    // A week has seven days: as a wildcard it ends with Saturday.
    const high = first === undefined ? to - (field === weekdayField ? 1 : 0) : valueOf(field, last ?? first);
    if (low === undefined || high === undefined) throw fail(`"${part}" is no ${name} from ${from} to ${to}`);
    if (low > high) throw fail(`the range "${part}" runs backwards`);
    for (let value = low; value <= high; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function valueOf({ from, to, names = [] }: Field, word: string): number | undefined {
  const index = names.indexOf(word);
  if (index >= 0) return index + (names === monthNames ? 1 : 0);
  const value = /^\d{1,2}$/.test(word) ? Number(word) : -1;
  return value >= from && value <= to ? value : undefined;
}

function bits(values: readonly number[]): number {
  // As an unsigned number bit 31 stays itself, and `&` sees the same bits.
  return values.reduce((mask, value) => mask | (1 << value), 0);
}

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
