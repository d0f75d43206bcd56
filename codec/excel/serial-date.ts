/** Dates as Excel counts them: days since 1900 or 1904, the time of the day as a fraction, in no zone. */
import type { Timestamp } from '#spi/batch.ts';
import { daysFromCivil, SECONDS_PER_DAY } from '#codec/time/civil.ts';
import type { Zone } from '#codec/time/zone.ts';

const MILLIS_PER_DAY = SECONDS_PER_DAY * 1000;
/** The last day of the year 9999, which Excel goes up to. */
const DAYS_MAX = 2_958_466;
/** Excel takes 1900 for a leap year: from this day on it counts one too many. */
const FIRST_OF_MARCH_1900 = 61;

/** The instant at which clocks of the zone show the date, to the millisecond; undefined when it is no date. */
export function serialTimestamp(serial: number, zone: Zone, isFrom1904: boolean): Timestamp | undefined {
  if (!(serial >= 0 && serial < DAYS_MAX)) return undefined;
  const wholeDays = Math.floor(serial);
  const millis = Math.floor((serial - wholeDays) * MILLIS_PER_DAY + 0.5);
  const days = (isFrom1904 ? from1904 : wholeDays < FIRST_OF_MARCH_1900 ? from1900 : from1900 - 1) + wholeDays;
  const seconds = Math.floor(millis / 1000);
  const local = days * SECONDS_PER_DAY + seconds;
  return { seconds: local - zone.offsetAtLocal(local), nanos: (millis - seconds * 1000) * 1_000_000 };
}

/** Day 1 is the first of January in 1900; day 0 is that of 1904. */
const from1900 = daysFromCivil(1900, 1, 1) - 1;
const from1904 = daysFromCivil(1904, 1, 1);
