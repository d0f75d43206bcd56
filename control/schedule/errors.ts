/** What can be wrong with a schedule. */
import { errorCatalogue } from '#spi/errors.ts';

export const scheduleErrors = errorCatalogue({
  CRON_INVALID: {
    kind: 'config',
    message: 'The cron expression "{expression}" cannot be read: {reason}.',
    hint: 'Five fields: minute, hour, day of the month (or L for the last one), month, day of the week.',
  },
  CRON_NEVER: {
    kind: 'config',
    message: 'The cron expression "{expression}" never comes: none of its months has such a day.',
    hint: 'Write L for the last day of a month.',
  },
  TIME_ZONE_UNKNOWN: {
    kind: 'config',
    message: 'There is no time zone "{zone}".',
    hint: 'Give the name of a place as IANA spells it, such as Asia/Tokyo, or Etc/UTC.',
  },
  SCHEDULES_TOO_MANY: {
    kind: 'config',
    message: '"{name}" has {most} schedules already, which is the limit.',
    hint: 'Change one of them; several times of a day fit into one cron expression.',
  },
  RANGE_INVALID: {
    kind: 'config',
    message: 'The range from {from} until {until} cannot be used: {reason}.',
    hint: 'Give a shorter range, or several one after the other.',
  },
  BACKFILL_EMPTY: {
    kind: 'config',
    message: 'No slot of the schedule is between {from} and {until}.',
    hint: 'Look at the calendar of the schedule for its slots.',
  },
  BACKFILLS_TOO_MANY: {
    kind: 'config',
    message: 'The schedule has {most} back-fills that are not over, which is the limit.',
    hint: 'Wait for the end of one, or cancel it.',
  },
  BACKFILL_OVER: {
    kind: 'config',
    message: 'The back-fill {id} is over: it is {state}.',
    hint: 'Begin another one; slots that have succeeded are passed over.',
  },
});
