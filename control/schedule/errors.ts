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
});
