/** Days of the calendar as schedules count and write them. */
import type { CivilDate } from '#codec/time/civil.ts';

export const DAY_MS = 86_400_000;

/** `2026-02-31`, also of a day that there is not. */
export function dayText({ year, month, day }: CivilDate): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
