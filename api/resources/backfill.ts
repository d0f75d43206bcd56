/** Slots of a schedule that are run afterwards. */
import { z } from 'zod';
import { id, instant } from '#api/fields.ts';

/** Slots of one back-fill. */
export const BACKFILL_SLOTS_MAX = 10_000;
export const BACKFILL_CONCURRENCY_MAX = 20;
/** Of one schedule that are not over. */
export const BACKFILLS_OPEN_MAX = 5;

const order = z.enum(['oldest_first', 'newest_first']).describe('Which slots come first.');
const redoesDone = z
  .boolean()
  .describe('Also slots whose run has succeeded; otherwise they are passed over, as are those that run.');
const concurrency = z.int().min(1).max(BACKFILL_CONCURRENCY_MAX).describe('Runs of it at the same time.');
const failuresMax = z
  .int()
  .min(1)
  .max(10_000)
  .nullable()
  .describe('After so many failed slots in a row it pauses; null: it never does.');

const count = z.int();

export const backfill = z
  .object({
    id,
    scheduleId: id,
    definitionId: id,
    definitionName: z.string(),
    groupId: id.nullable(),
    from: instant.describe('The first slot at the earliest.'),
    until: instant.describe('The last slot is before this.'),
    order,
    redoesDone,
    concurrency,
    failuresMax,
    state: z.enum(['running', 'paused', 'canceled', 'done']),
    reason: z.string().nullable().describe('Why it pauses, when nobody asked it to; or what it waits for.'),
    progress: z
      .object({
        total: count,
        waiting: count,
        running: count,
        done: count,
        failed: count,
        skipped: count,
        canceled: count,
      })
      .describe('How many slots are in which state.'),
    createdBy: z.string(),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Backfill', title: 'Back-fill', description: 'Slots of a schedule that are run afterwards.' });
export type Backfill = z.output<typeof backfill>;

export const backfillCreate = z.strictObject({
  from: instant.describe('The first slot at the earliest.'),
  until: instant.describe('Slots before this; what is yet to come is no part of it.'),
  order: order.default('oldest_first'),
  redoesDone: redoesDone.default(false),
  concurrency: concurrency.default(1),
  failuresMax: failuresMax.default(10),
});

export const backfillCancel = z.strictObject({
  stopsRuns: z.boolean().default(false).describe('Also ends the runs of it that are not over.'),
});

export const backfillSlotState = z.enum(['waiting', 'running', 'done', 'failed', 'skipped', 'canceled']);
export const backfillSlot = z
  .object({
    slot: instant,
    localTime: z.string(),
    state: backfillSlotState,
    reason: z.string().nullable(),
    runId: id.nullable(),
  })
  .meta({ id: 'BackfillSlot', title: 'Slot of a back-fill' });
export type BackfillSlot = z.output<typeof backfillSlot>;
