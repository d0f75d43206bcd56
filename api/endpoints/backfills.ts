import { z } from 'zod';
import { defineEndpoint } from '#api/endpoint.ts';
import { id, idParams } from '#api/fields.ts';
import { pageOf, pageQuery } from '#api/page.ts';
import { backfill, backfillCancel, backfillCreate, backfillSlot, backfillSlotState } from '#api/resources/backfill.ts';

const one = { kind: 'json', status: 200, description: 'The back-fill.', body: backfill, hasEtag: true } as const;

export const backfillsQuery = z.strictObject({
  ...pageQuery,
  scheduleId: id.optional().describe('Only those of this schedule.'),
  definitionId: id.optional().describe('Only those of schedules of this definition.'),
  isOpen: z.boolean().optional().describe('Only those that are not over, or that are.'),
});

export const backfillSlotsQuery = z.strictObject({
  ...pageQuery,
  state: z.array(backfillSlotState).max(6).optional().describe('Only slots in one of these states.'),
});

export const backfillEndpoints = [
  defineEndpoint({
    id: 'backfills.create',
    method: 'POST',
    path: '/schedules/:id/backfills',
    tag: 'schedules',
    summary: 'Run slots of a schedule afterwards',
    description:
      'Each slot of the range once, with the values of the slot. A slot that runs is passed over, and one that has ' +
      'succeeded unless it is to be done again. At most 10,000 slots.',
    params: idParams,
    body: backfillCreate,
    answer: { ...one, status: 201 },
    problems: [404, 409],
    rights: { role: 'operator', in: 'group' },
    repeat: 'keyed',
  }),
  defineEndpoint({
    id: 'backfills.list',
    method: 'GET',
    path: '/backfills',
    tag: 'backfills',
    summary: 'List back-fills',
    description: 'The latest first.',
    query: backfillsQuery,
    answer: { kind: 'json', status: 200, description: 'A page of back-fills.', body: pageOf(backfill) },
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'backfills.get',
    method: 'GET',
    path: '/backfills/:id',
    tag: 'backfills',
    summary: 'Get a back-fill',
    description: 'With its progress.',
    params: idParams,
    answer: one,
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'backfills.slots',
    method: 'GET',
    path: '/backfills/:id/slots',
    tag: 'backfills',
    summary: 'List the slots of a back-fill',
    description: 'In the order of time.',
    params: idParams,
    query: backfillSlotsQuery,
    answer: { kind: 'json', status: 200, description: 'A page of slots.', body: pageOf(backfillSlot) },
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
  }),
  defineEndpoint({
    id: 'backfills.pause',
    method: 'POST',
    path: '/backfills/:id/pause',
    tag: 'backfills',
    summary: 'Pause a back-fill',
    description: 'No further slot begins; what runs goes on to its end.',
    params: idParams,
    answer: one,
    problems: [404, 409],
    rights: { role: 'operator', in: 'group' },
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'backfills.resume',
    method: 'POST',
    path: '/backfills/:id/resume',
    tag: 'backfills',
    summary: 'Go on with a back-fill',
    description: 'Also with one that paused because of failures, which are counted anew.',
    params: idParams,
    answer: one,
    problems: [404, 409],
    rights: { role: 'operator', in: 'group' },
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'backfills.cancel',
    method: 'POST',
    path: '/backfills/:id/cancel',
    tag: 'backfills',
    summary: 'End a back-fill',
    description: 'Slots that have not begun never do. What runs goes on, unless it is to be ended too.',
    params: idParams,
    body: backfillCancel,
    answer: one,
    problems: [404],
    rights: { role: 'operator', in: 'group' },
    repeat: 'idempotent',
  }),
] as const;
