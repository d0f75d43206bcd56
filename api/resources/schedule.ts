/** When definitions run by themselves. */
import { z } from 'zod';
import { TEXT_LENGTH_MAX, id, instant } from '#api/fields.ts';

/** Of one definition. */
export const SCHEDULES_PER_DEFINITION_MAX = 24;
/** What one request changes. */
export const SCHEDULES_AT_ONCE_MAX = 500;
export const EVERY_MINUTES_MAX = 10_080;
const CRON_LENGTH_MAX = 500;
const VARIABLES_MAX = 200;

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const minute = z.int().min(0).max(59).describe('Minute of the hour.');
const time = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'this is no time of day from 00:00 to 23:59')
  .describe('Time of day, such as 09:30, in the zone of the schedule.');

function listOf<Item extends z.ZodType>(item: Item, most: number): z.ZodArray<Item> {
  return z
    .array(item)
    .min(1)
    .max(most)
    .refine((all) => new Set(all).size === all.length, 'one is there twice');
}

/** What a person chooses. */
export const schedulePattern = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('hourly'), minute }),
    z.strictObject({ kind: z.literal('daily'), time }),
    z.strictObject({
      kind: z.literal('weekly'),
      weekdays: listOf(z.enum(weekdays), 7).describe('On these days.'),
      time,
    }),
    z.strictObject({
      kind: z.literal('monthly'),
      days: listOf(z.union([z.int().min(1).max(31), z.literal('last')]), 32).describe(
        'On these days; `last` is the last one of each month. A month that lacks a day is passed over, and it is told.',
      ),
      time,
    }),
    z.strictObject({
      kind: z.literal('every'),
      minutes: z
        .int()
        .min(1)
        .max(EVERY_MINUTES_MAX)
        .describe('So many minutes after each other, counted from 1970 in UTC, whatever clocks do.'),
    }),
    z.strictObject({
      kind: z.literal('cron'),
      cron: z
        .string()
        .trim()
        .min(1)
        .max(CRON_LENGTH_MAX)
        .describe('Minute, hour, day of the month (or L for the last one), month, day of the week.'),
    }),
  ])
  .meta({ id: 'SchedulePattern', title: 'When a schedule comes' });
export type SchedulePattern = z.output<typeof schedulePattern>;

export const timeZone = z
  .string()
  .min(1)
  .max(100)
  .describe('Time zone as IANA names it, such as Asia/Tokyo or Etc/UTC.');

const catchup = z
  .enum(['none', 'latest', 'all'])
  .describe(
    'What becomes of slots that were missed, while no scheduler ran or the schedule was off: `none` of them runs, the ' +
      '`latest` one, or `all` up to `catchupMax`.',
  );
const overlap = z
  .enum(['allow', 'skip', 'queue_one', 'cancel_previous'])
  .describe('What becomes of a slot while a run of the same definition is not over.');

const policyFields = {
  catchup,
  catchupMax: z.int().min(1).max(100).describe('Missed slots that run at most, the latest ones.'),
  maxLatenessS: z
    .int()
    .min(0)
    .max(31_622_400)
    .nullable()
    .describe('A slot that is later than so many seconds is skipped; null: an hour, and without end for `all`.'),
  overlap,
  jitterS: z
    .int()
    .min(0)
    .max(3600)
    .describe('Runs begin up to so many seconds after their slot, spread evenly; variables stay those of the slot.'),
};
const policyDefaults = {
  catchup: catchup.default('latest'),
  catchupMax: policyFields.catchupMax.default(100),
  maxLatenessS: policyFields.maxLatenessS.default(null),
  overlap: overlap.default('skip'),
  jitterS: policyFields.jitterS.default(0),
};

const variables = z
  .record(z.string().min(1).max(200), z.string().max(TEXT_LENGTH_MAX))
  .refine((all) => Object.keys(all).length <= VARIABLES_MAX, `more than ${VARIABLES_MAX} variables`)
  .describe('Values of text variables for the runs of this schedule, in place of those of the definition.');

const isEnabled = z.boolean().describe('It fires.');

export const schedule = z
  .object({
    id,
    definitionId: id.describe('What it runs.'),
    definitionKind: z.enum(['transfer', 'mart', 'check', 'workflow']),
    definitionName: z.string(),
    groupId: id.nullable().describe('Of the definition.'),
    isEnabled,
    isDefinitionEnabled: z.boolean().describe('While it is not, no schedule of the definition fires.'),
    offReason: z.string().nullable().describe('Why it was switched off by itself; null when somebody did so.'),
    pattern: schedulePattern,
    words: z.string().describe('The pattern in words.'),
    cron: z.string().nullable().describe('What the pattern becomes; null for every so many minutes.'),
    timeZone,
    variables,
    ...policyFields,
    nextSlot: instant.nullable().describe('When it fires next; null when it is off, or never.'),
    failures: z.int().describe('Scheduled runs that failed one after the other.'),
    failingSince: instant.nullable().describe('The end of the first of them.'),
    createdBy: z.string(),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Schedule', title: 'Schedule', description: 'When a definition runs by itself.' });
export type Schedule = z.output<typeof schedule>;

export const scheduleSettings = z
  .strictObject({
    pattern: schedulePattern,
    timeZone: timeZone.default('Etc/UTC'),
    isEnabled: isEnabled.default(true),
    variables: variables.default({}),
    ...policyDefaults,
  })
  .meta({ id: 'ScheduleSettings', title: 'Schedule settings' });
export type ScheduleSettings = z.output<typeof scheduleSettings>;

export const scheduleUpdate = z.strictObject({
  pattern: schedulePattern.optional(),
  timeZone: timeZone.optional(),
  isEnabled: isEnabled.optional(),
  variables: variables.optional().describe('Take the place of those before.'),
  catchup: catchup.optional(),
  catchupMax: policyFields.catchupMax.optional(),
  maxLatenessS: policyFields.maxLatenessS.optional(),
  overlap: overlap.optional(),
  jitterS: policyFields.jitterS.optional(),
});
export type ScheduleUpdate = z.output<typeof scheduleUpdate>;

const ids = z.array(id).min(1).max(SCHEDULES_AT_ONCE_MAX);

const which = {
  ids: ids.optional().describe('These schedules.'),
  definitionIds: ids.optional().describe('All schedules of these definitions.'),
};

export const scheduleSwitch = z.strictObject({ ...which, isEnabled });
export const scheduleDeleteMany = z.strictObject(which);
export const scheduleCreateMany = z.strictObject({
  definitionIds: ids.describe('Each of these definitions gets one.'),
  schedule: scheduleSettings,
});

/** What became of each. */
export const scheduleOutcomes = z
  .object({
    items: z
      .array(
        z.object({
          id: id.nullable().describe('The schedule; null when none was made.'),
          definitionId: id.nullable().describe('Its definition; null when it was not found.'),
          outcome: z
            .enum(['done', 'unchanged', 'not_found', 'role_missing', 'refused'])
            .describe('`unchanged`: it was so already.'),
          reason: z.string().optional().describe('Why it was refused.'),
        }),
      )
      .describe('In the order of the request; schedules of a definition by their age.'),
    done: z.int().describe('How many were done.'),
    hasMore: z.boolean().describe('There were too many for one request: ask again.'),
  })
  .meta({ id: 'ScheduleOutcomes', title: 'What became of each schedule' });
export type ScheduleOutcomes = z.output<typeof scheduleOutcomes>;

const firingNote = z.object({
  kind: z
    .enum(['shifted', 'first_of_two', 'second_of_two', 'absent'])
    .describe(
      '`shifted`: clocks jump over its time · `first_of_two`, `second_of_two`: clocks show its time twice · `absent`: ' +
        'a day that is in no calendar.',
    ),
  text: z.string().describe('The same in words.'),
});

export const firing = z
  .object({
    slot: instant,
    localTime: z.string().describe('What clocks of the zone show then, with their offset from UTC.'),
    fires: z.boolean().describe('False when it is only told why a day is passed over.'),
    notes: z.array(firingNote).describe('What is unusual about it.'),
  })
  .meta({ id: 'Firing', title: 'When a schedule fires' });
export type Firing = z.output<typeof firing>;

export const firings = z
  .object({
    timeZone,
    words: z.string().describe('The pattern in words.'),
    cron: z.string().nullable(),
    isOn: z.boolean().describe('False: these are the times when it would fire if it, and its definition, were on.'),
    items: z.array(firing).describe('In their order. Days that are passed over stand between them, and do not count.'),
  })
  .meta({ id: 'Firings', title: 'When a schedule fires next' });

const count = z.int().min(1).max(100).default(10).describe('So many firings.');
export const firingsQuery = z.strictObject({
  count,
  after: instant.optional().describe('Behind this instant; by default now.'),
});
export const firingsOfPattern = z.strictObject({
  pattern: schedulePattern,
  timeZone: timeZone.default('Etc/UTC'),
  count,
  after: instant.optional().describe('Behind this instant; by default now.'),
});

export const slotStatus = z
  .enum(['done', 'running', 'failed', 'waiting', 'skipped', 'missing', 'planned'])
  .describe(
    '`waiting`: for another run to end · `missing`: it is past, and nothing is known of it · `planned`: it is to come.',
  );
export type SlotStatus = z.output<typeof slotStatus>;

export const calendarSlot = z.object({
  slot: instant,
  localTime: z.string(),
  status: slotStatus,
  reason: z.string().nullable().describe('Why it was skipped, or is missing.'),
  isShifted: z.boolean().describe('Clocks jumped over its time.'),
  isBackfilled: z.boolean().describe('Its run was asked for afterwards.'),
  isOfPattern: z.boolean().describe('False when the schedule was another one then.'),
  runId: id.nullable(),
  runState: z.string().nullable(),
});
export type CalendarSlot = z.output<typeof calendarSlot>;

export const calendar = z
  .object({
    timeZone,
    items: z.array(calendarSlot).describe('In their order.'),
    counts: z.record(slotStatus, z.int()).describe('How many slots of the answer have which status.'),
    next: instant.optional().describe('There are more slots in the range: `from` of the next request.'),
  })
  .meta({ id: 'ScheduleCalendar', title: 'Slots of a schedule' });
export type Calendar = z.output<typeof calendar>;

export const scheduleEvent = z
  .object({
    id,
    scheduleId: id,
    definitionId: id,
    definitionName: z.string(),
    kind: z.enum(['created', 'changed', 'switched_on', 'switched_off', 'deleted']),
    isAutomatic: z.boolean().describe('By the rule for schedules that always fail, not by somebody.'),
    actor: z.string(),
    reason: z.string().nullable(),
    changes: z
      .record(z.string(), z.object({ before: z.unknown(), after: z.unknown() }))
      .describe('By field. Of variables only their names are told.'),
    at: instant,
  })
  .meta({ id: 'ScheduleEvent', title: 'What was done to a schedule' });
export type ScheduleEvent = z.output<typeof scheduleEvent>;

const policyRule = {
  switchesOff: z.boolean().describe('Schedules that always fail are switched off.'),
  failuresMin: z.int().min(1).max(100_000).describe('So many scheduled runs in a row must have failed, …'),
  failingDaysMin: z.int().min(0).max(366).describe('… the first of them so many days ago.'),
};
export const schedulePolicy = z
  .object({ ...policyRule, version: z.int().describe('Counts changes; the ETag. 0 is the rule of all workspaces.') })
  .meta({ id: 'SchedulePolicy', title: 'When schedules that always fail are switched off' });
export type SchedulePolicy = z.output<typeof schedulePolicy>;
export const schedulePolicyWrite = z.strictObject(policyRule);
