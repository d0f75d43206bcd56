import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { id, idParams, instant, searchText } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import {
  calendar,
  firings,
  firingsOfPattern,
  firingsQuery,
  schedule,
  scheduleSettings,
  scheduleCreateMany,
  scheduleDeleteMany,
  scheduleEvent,
  scheduleOutcomes,
  schedulePolicy,
  schedulePolicyWrite,
  scheduleSwitch,
  scheduleUpdate,
  timeZone,
} from '#api/resources/schedule.ts';

const one = { kind: 'json', status: 200, description: 'The schedule.', body: schedule, hasEtag: true } as const;
const outcomes = { kind: 'json', status: 200, description: 'What became of each.', body: scheduleOutcomes } as const;
const times = { kind: 'json', status: 200, description: 'When it fires.', body: firings } as const;
const rule = { kind: 'json', status: 200, description: 'The rule.', body: schedulePolicy, hasEtag: true } as const;

export const schedulesQuery = z.strictObject({
  ...pageQuery,
  q: searchText.optional().describe('Part of the name of the definition.'),
  definitionId: id.optional().describe('Only those of this definition.'),
  groupId: id.optional().describe('Only those of definitions of this group.'),
  isEnabled: z.boolean().optional().describe('Only those that are on, or off.'),
  timeZone: timeZone.optional().describe('Only those of this time zone.'),
  sort: z
    .enum(['nextSlot', 'definitionName', '-updatedAt'])
    .default('nextSlot')
    .describe('`nextSlot`: what fires next comes first, what is off last · `-` is the latest first.'),
});
export type SchedulesQuery = z.output<typeof schedulesQuery>;

export const historyQuery = z.strictObject({
  ...pageQuery,
  scheduleId: id.optional().describe('Only of this schedule, which may be gone.'),
  definitionId: id.optional().describe('Only of schedules of this definition.'),
  isAutomatic: z.boolean().optional().describe('Only what happened by itself, or what somebody did.'),
});
export type HistoryQuery = z.output<typeof historyQuery>;

export const calendarQuery = z.strictObject({
  from: instant.describe('The first slot at the earliest.'),
  until: instant.describe('The last slot is before this, at most 400 days later.'),
  limit: z.int().min(1).max(10_000).default(10_000).describe('So many slots at most.'),
});
export type CalendarQuery = z.output<typeof calendarQuery>;

const crossEndpoints = [
  defineEndpoint({
    id: 'schedules.list',
    method: 'GET',
    path: '/schedules',
    tag: 'schedules',
    summary: 'List schedules',
    description: 'Of all definitions that may be seen.',
    query: schedulesQuery,
    answer: { kind: 'json', status: 200, description: 'A page of schedules.', body: pageOf(schedule) },
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'schedules.create',
    method: 'POST',
    path: '/transfers/:id/schedules',
    tag: 'transfers',
    summary: 'Create a schedule',
    description: 'A definition has 24 at most. It is on unless told otherwise, and begins with its next slot.',
    params: idParams,
    body: scheduleSettings,
    answer: { ...one, status: 201 },
    problems: [404, 409],
    rights: { role: 'editor', in: 'group' },
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'schedules.createMany',
    method: 'POST',
    path: '/schedules/create',
    tag: 'schedules',
    summary: 'Give several definitions the same schedule',
    description: 'Each for itself: one that is refused leaves the others as they are.',
    body: scheduleCreateMany,
    answer: outcomes,
    rights: { role: 'viewer', in: 'group' },
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'schedules.switch',
    method: 'POST',
    path: '/schedules/switch',
    tag: 'schedules',
    summary: 'Switch schedules on or off',
    description: 'Those that are named, or all of the definitions that are named; each needs the role of an operator.',
    body: scheduleSwitch,
    answer: outcomes,
    rights: { role: 'viewer', in: 'group' },
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'schedules.deleteMany',
    method: 'POST',
    path: '/schedules/delete',
    tag: 'schedules',
    summary: 'Delete schedules',
    description: 'Those that are named, or all of the definitions that are named; each needs the role of an editor.',
    body: scheduleDeleteMany,
    answer: outcomes,
    rights: { role: 'viewer', in: 'group' },
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'schedules.firingsOf',
    method: 'POST',
    path: '/schedules/next',
    tag: 'schedules',
    summary: 'When would a schedule fire',
    description: 'Of a pattern that is not saved: with what clocks do to it.',
    body: firingsOfPattern,
    answer: times,
    rights: 'known',
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'schedules.history',
    method: 'GET',
    path: '/schedules/history',
    tag: 'schedules',
    summary: 'List what was done to schedules',
    description: 'The latest first; also of those that are gone. It is kept for 400 days.',
    query: historyQuery,
    answer: { kind: 'json', status: 200, description: 'A page of events.', body: pageOf(scheduleEvent) },
    rights: { role: 'viewer', in: 'group' },
  }),
] as const;

const policyEndpoints = [
  defineEndpoint({
    id: 'schedules.policy',
    method: 'GET',
    path: '/schedules/policy',
    tag: 'schedules',
    summary: 'Get the rule for schedules that always fail',
    description: 'Unless the workspace has its own: 50 failed scheduled runs in a row, the first of them 14 days ago.',
    answer: rule,
    rights: { role: 'member', in: 'workspace' },
  }),
  defineEndpoint({
    id: 'schedules.setPolicy',
    method: 'PUT',
    path: '/schedules/policy',
    tag: 'schedules',
    summary: 'Set the rule for schedules that always fail',
    description: 'For all schedules of the workspace.',
    body: schedulePolicyWrite,
    answer: rule,
    rights: { role: 'administrator', in: 'workspace' },
    needsMatch: true,
  }),
] as const;

const singleEndpoints = [
  defineEndpoint({
    id: 'schedules.get',
    method: 'GET',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'Get a schedule',
    description: 'With its next slot, and how often it has failed.',
    params: idParams,
    answer: one,
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'schedules.update',
    method: 'PATCH',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'Change a schedule',
    description:
      'What is absent stays as it is. With another pattern or time zone it goes on with the next slot from now. What ' +
      'was missed while it was off is decided on by its policy when it is on again.',
    params: idParams,
    body: scheduleUpdate,
    answer: one,
    problems: [404],
    rights: { role: 'editor', in: 'group' },
    needsMatch: true,
  }),
  defineEndpoint({
    id: 'schedules.delete',
    method: 'DELETE',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'Delete a schedule',
    description: 'With what is known of its slots, and its back-fills. Runs that run already go on.',
    params: idParams,
    answer: { kind: 'nothing', status: 204, description: 'It is gone.' },
    problems: [404],
    rights: { role: 'editor', in: 'group' },
  }),
  defineEndpoint({
    id: 'schedules.firings',
    method: 'GET',
    path: '/schedules/:id/next',
    tag: 'schedules',
    summary: 'When does a schedule fire next',
    description: 'With what clocks do to it: times that they jump over, times that they show twice, days that are not.',
    params: idParams,
    query: firingsQuery,
    answer: times,
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'schedules.calendar',
    method: 'GET',
    path: '/schedules/:id/calendar',
    tag: 'schedules',
    summary: 'Get the slots of a schedule',
    description: 'What became of each slot of a range, those that nothing is known of among them.',
    params: idParams,
    query: calendarQuery,
    answer: { kind: 'json', status: 200, description: 'The slots.', body: calendar },
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
] as const;

/** In this order: none hides another that comes later. */
export const scheduleEndpoints = [...crossEndpoints, ...policyEndpoints, ...singleEndpoints] as const;
