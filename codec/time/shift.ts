/**
 * An instant moved as people count: minutes and hours are stretches of time, whatever clocks do; days and months are
 * those of the calendar in a zone, with the time of day kept.
 */
import type { Timestamp } from '#spi/batch.ts';
import { civilFromDays, daysFromCivil, monthLength, SECONDS_PER_DAY } from './civil.ts';
import type { CivilDate } from './civil.ts';
import type { Zone } from './zone.ts';

export type ShiftUnit =
  | 'minute'
  | 'hour'
  | 'day'
  | 'month'
  | 'first_day_of_month'
  | 'last_day_of_month'
  | 'last_day_of_previous_month';

export interface Shift {
  readonly unit: ShiftUnit;
  /** Below zero: earlier. Of the days of months: how many months. */
  readonly quantity: number;
}

const secondsPer = { minute: 60, hour: 3600 } as const;

/** Years that four digits can say. */
const YEAR_MIN = 1;
const YEAR_MAX = 9999;
/** More than all of these years, in any unit: nothing beyond needs to be tried. */
const QUANTITY_MAX = 1e10;

/**
 * Undefined when that is in a year before 1 or after 9999. A day that a month lacks becomes its last one. A local time
 * that is jumped over comes by the length of the jump later; of one that comes twice it is the one with the offset of
 * the instant, if there is one with it, else the earlier one.
 */
export function shiftInstant({ seconds, nanos }: Timestamp, shift: Shift, zone: Zone): Timestamp | undefined {
  const { unit, quantity } = shift;
  if (!Number.isInteger(quantity) || Math.abs(quantity) > QUANTITY_MAX) return undefined;
  if (unit === 'minute' || unit === 'hour') return inYears(seconds + quantity * secondsPer[unit], nanos, zone);
  const offset = zone.offsetAt(seconds);
  const local = seconds + offset;
  const day = Math.floor(local / SECONDS_PER_DAY);
  const moved = movedDay(day, unit, quantity);
  if (moved === undefined) return undefined;
  return inYears(secondsOf(local + (moved - day) * SECONDS_PER_DAY, zone, offset), nanos, zone);
}

/** Days since 1970. */
function movedDay(day: number, unit: Exclude<ShiftUnit, 'minute' | 'hour'>, quantity: number): number | undefined {
  if (unit === 'day') {
    const moved = day + quantity;
    return isInYears(civilFromDays(moved).year) ? moved : undefined;
  }
  const { year, month, day: ofMonth } = civilFromDays(day);
  const months = year * 12 + month - 1 + quantity - (unit === 'last_day_of_previous_month' ? 1 : 0);
  const target: Omit<CivilDate, 'day'> = { year: Math.floor(months / 12), month: (((months % 12) + 12) % 12) + 1 };
  if (!isInYears(target.year)) return undefined;
  const length = monthLength(target.year, target.month);
  const wanted = unit === 'month' ? ofMonth : unit === 'first_day_of_month' ? 1 : length;
  return daysFromCivil(target.year, target.month, Math.min(wanted, length));
}

function secondsOf(local: number, zone: Zone, preferredOffset: number): number {
  if (zone.offsetAt(local - preferredOffset) === preferredOffset) return local - preferredOffset;
  return local - zone.offsetAtLocal(local);
}

function inYears(seconds: number, nanos: number, zone: Zone): Timestamp | undefined {
  // Asked before the zone is: the platform's calendar ends earlier than our numbers.
  const { year } = civilFromDays(Math.floor(seconds / SECONDS_PER_DAY));
  if (year < YEAR_MIN - 1 || year > YEAR_MAX + 1) return undefined;
  const local = civilFromDays(Math.floor((seconds + zone.offsetAt(seconds)) / SECONDS_PER_DAY));
  return isInYears(local.year) ? { seconds, nanos } : undefined;
}

function isInYears(year: number): boolean {
  return year >= YEAR_MIN && year <= YEAR_MAX;
}
