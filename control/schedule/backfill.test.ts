import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Backfill } from '#api/resources/backfill.ts';
import { controlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import type { StoreKind } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { addSchedules, endRuns } from '#test/kit/schedule-rows.ts';
import type { NewSchedule } from '#test/kit/schedule-rows.ts';
import { backfillSteps } from './backfill-step.ts';
import { Scheduler } from './scheduler.ts';
import { settleFires } from './settle-fires.ts';
import { transferRuns } from './transfer-runs.ts';

const silent = { warn: () => {}, error: () => {} };
/** Of twelve hours: twelve slots. */
const morning = { from: '2026-05-01T00:00:00Z', until: '2026-05-01T12:00:00Z' };

/** An hourly schedule at noon of which no slot was decided on. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- of this file alone
async function noon(given: Partial<NewSchedule> = {}, kind: StoreKind | undefined = storeKinds[0]) {
  const api = await controlApi({ kind });
  const { store, own } = api;
  const { client } = own;
  await store.setClock('2026-05-01T12:30:00Z');
  const defaults = { workspaceId: own.workspaceId, cron: '0 * * * *', next: '2026-05-01T13:00:00Z' };
  const [pair] = await addSchedules(store.db, 1, { ...defaults, ...given });
  const scheduleId = pair?.schedule ?? '';
  const scheduler = new Scheduler({ store, log: silent });
  const start = (body: object = {}): Promise<Backfill> =>
    client.call('backfills.create', { params: { id: scheduleId }, body: { ...morning, ...body } });
  const read = (id: string): Promise<Backfill> => client.call('backfills.get', { params: { id } });
  /** Runs that a back-fill made, by their slots, in the order of their birth. */
  const slots = async (): Promise<string[]> => {
    const { rows } = await sql<{ at: string }>`
      select work ->> 'transaction_time' as at from run join run_work on run_id = id
      where created_by like 'backfill:%' order by created_at, id`.execute(store.db);
    return rows.map(({ at }) => at.slice(11, 13));
  };
  /** Steps and ends of runs until nothing is left. */
  const finish = async (state?: 'FAILED'): Promise<void> => {
    for (let step = 0; step < 50; step++) {
      await scheduler.backfill();
      if ((await endRuns(store.db, state)) === 0) return;
    }
    throw new Error('the back-fill does not come to an end');
  };
  const dispose = () => api[Symbol.asyncDispose]();
  return { api, store, client, scheduler, scheduleId, start, read, slots, finish, [Symbol.asyncDispose]: dispose };
}

const hours = Array.from({ length: 12 }, (_, hour) => String(hour).padStart(2, '0'));
const zero = { total: 12, waiting: 0, running: 0, done: 0, failed: 0, skipped: 0, canceled: 0 };

describe('backfillSteps()', () => {
  it.each(storeKinds)('runs each slot once, the oldest first, so many at a time (%s)', async (kind) => {
    await using place = await noon({}, kind);
    const { scheduler, store } = place;
    const made = await place.start({ concurrency: 5 });
    expect(made).toMatchObject({ state: 'running', progress: { ...zero, waiting: 12 }, version: 1 });
    await scheduler.backfill();
    await scheduler.backfill();
    expect(await place.read(made.id)).toMatchObject({ progress: { ...zero, waiting: 7, running: 5 } });
    expect(await place.slots()).toEqual(hours.slice(0, 5));
    await place.finish();
    expect(await place.read(made.id)).toMatchObject({ state: 'done', progress: { ...zero, done: 12 }, version: 2 });
    expect(await place.slots()).toEqual(hours);
    const { rows } = await sql`select distinct decision from schedule_fire`.execute(store.db);
    expect(rows).toEqual([{ decision: 'backfilled' }]);
    const { items } = await place.client.call('backfills.slots', { params: { id: made.id }, query: { limit: 5 } });
    expect(items[0]).toMatchObject({ slot: '2026-05-01T00:00:00.000000Z', state: 'done', reason: null });
    // It does nothing any more.
    await place.finish();
    expect(await place.slots()).toHaveLength(12);
  });

  it('runs the newest first when it is asked to', async () => {
    await using place = await noon();
    await place.start({ order: 'newest_first' });
    await place.finish();
    expect(await place.slots()).toEqual(hours.toReversed());
  });

  it('passes over what has succeeded, unless it is to be done again', async () => {
    await using place = await noon();
    await place.start({ until: '2026-05-01T06:00:00Z' });
    await place.finish();
    const second = await place.start();
    await place.finish();
    expect(await place.slots()).toEqual(hours);
    expect((await place.read(second.id)).progress).toEqual({ ...zero, skipped: 6, done: 6 });
    // Known also when the run is not.
    await settleFires(place.store.db);
    await sql`delete from run where created_by <> ${`backfill:${second.id}`}`.execute(place.store.db);
    const third = await place.start();
    await place.finish();
    expect((await place.read(third.id)).progress).toEqual({ ...zero, skipped: 12 });
    const redo = await place.start({ redoesDone: true });
    await place.finish();
    expect((await place.read(redo.id)).progress).toEqual({ ...zero, done: 12 });
  });

  it('D-65 two of them and the schedule itself at the same time: each slot runs once', async () => {
    await using place = await noon({ next: '2026-05-01T00:00:00Z', catchup: 'all', overlap: 'allow' });
    const { store } = place;
    const both = [await place.start({ concurrency: 3 }), await place.start({ order: 'newest_first', concurrency: 3 })];
    const schedulers = Array.from({ length: 3 }, () => new Scheduler({ store, log: silent }));
    for (let step = 0; step < 30; step++) {
      await Promise.all(schedulers.flatMap((scheduler) => [scheduler.backfill(), scheduler.tick()]));
      await endRuns(store.db);
    }
    const { rows } = await sql<{ at: string; count: number }>`
      select w.work ->> 'transaction_time' as at, count(*)::int as count from run join run_work w on run_id = id
      group by 1 order by 1`.execute(store.db);
    // At noon the schedule alone.
    expect(rows.map(({ at, count }) => [at.slice(11, 13), count])).toEqual([...hours, '12'].map((hour) => [hour, 1]));
    for (const { id } of both) expect(await place.read(id)).toMatchObject({ state: 'done' });
  });

  it('D-65 survives a crash before and after each statement: each slot runs once', { timeout: 60_000 }, async () => {
    await using place = await noon({ overlap: 'allow' });
    const { store } = place;
    let crashes = 0;
    for (let crashAt = 0.5; crashAt < 40; crashAt += 0.5) {
      const until = '2026-05-01T03:00:00Z';
      const { id } = await place.start({ until, concurrency: 2, redoesDone: true });
      for (let step = 0; step < 20 && (await place.read(id)).endedAt === null; step++) {
        let left = crashAt;
        const db = faultyDb(store.db, (_when, statement) => {
          if (statement === 'rollback') return;
          left -= 0.5;
          if (left < 0) throw new Error('it crashed');
        });
        // The first step crashes, those behind it do not.
        const parts = { db: step === 0 ? db : store.db, makeRuns: transferRuns };
        await backfillSteps(parts).catch(() => (crashes += 1));
        if (step > 0) await endRuns(store.db);
      }
      expect(await place.read(id), `crash at ${crashAt}`).toMatchObject({ state: 'done', progress: { done: 3 } });
      const { rows } = await sql<{ runs: number; slots: number }>`
        select count(*)::int as runs, count(distinct work ->> 'transaction_time')::int as slots
        from run join run_work on run_id = id where created_by = ${`backfill:${id}`}`.execute(store.db);
      expect(rows, `crash at ${crashAt}`).toEqual([{ runs: 3, slots: 3 }]);
    }
    expect(crashes).toBeGreaterThan(10);
  });

  it('D-65 a slot that runs afterwards, and one that is retried, have the values of the slot', async () => {
    await using place = await noon({ zone: 'Asia/Tokyo', next: '2026-05-01T12:00:00Z' });
    const { store, client, scheduler } = place;
    await scheduler.tick();
    await endRuns(store.db, 'FAILED');
    await store.advance(3 * 86_400);
    const [first] = (await client.call('runs.list')).items;
    const retried = await client.call('runs.retry', { params: { id: first?.id ?? '' } });
    const noonOnly = { from: '2026-05-01T12:00:00Z', until: '2026-05-01T12:30:00Z' };
    // Not while the retried one runs.
    const early = await place.start(noonOnly);
    await scheduler.backfill();
    expect((await place.read(early.id)).progress).toMatchObject({ running: 0 });
    await endRuns(store.db, 'FAILED');
    await scheduler.backfill();
    await endRuns(store.db);
    await place.start({ ...noonOnly, redoesDone: true });
    await place.finish();
    const { rows } = await sql<{ work: { variables: unknown; transaction_time: string } }>`
      select work from run join run_work on run_id = id order by created_at, id`.execute(store.db);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const { work } of rows) {
      expect(work).toMatchObject({
        variables: { day: '2026-05-01 21:00:00' },
        transaction_time: '2026-05-01T12:00:00.000Z',
      });
    }
    const { items } = await client.call('schedules.calendar', {
      params: { id: place.scheduleId },
      query: noonOnly,
    });
    expect(items).toMatchObject([{ status: 'done', isBackfilled: true }]);
    expect(retried.id).not.toBe(first?.id);
  });

  it('lets the schedule go first, and makes it wait rather than skip', async () => {
    await using place = await noon();
    const { store, scheduler } = place;
    const { id } = await place.start();
    await scheduler.backfill();
    // 13:00 comes while a slot of the back-fill runs: the policy of the schedule is to skip.
    await store.advance(1800);
    await scheduler.tick();
    const { rows } = await sql`select decision from schedule_fire where slot_utc = '2026-05-01T13:00:00Z'`.execute(
      store.db,
    );
    expect(rows).toEqual([{ decision: 'waiting' }]);
    await endRuns(store.db);
    await scheduler.backfill();
    expect(await place.read(id)).toMatchObject({
      reason: 'a run of the schedule goes first',
      progress: { ...zero, done: 1, waiting: 11 },
    });
    await scheduler.tick();
    await scheduler.backfill();
    expect((await place.read(id)).progress).toMatchObject({ running: 0 });
    await endRuns(store.db);
    await scheduler.backfill();
    expect(await place.read(id)).toMatchObject({ reason: null, progress: { running: 1 } });
  });

  it('pauses after failures in a row, goes on when it is told to, and ends', async () => {
    await using place = await noon();
    const { client } = place;
    const { id } = await place.start({ failuresMax: 3 });
    await place.finish('FAILED');
    const paused = await place.read(id);
    expect(paused).toMatchObject({ state: 'paused', progress: { ...zero, failed: 3, waiting: 9 } });
    expect(paused.reason).toMatch(/failed/);
    const params = { id };
    expect(await client.call('backfills.resume', { params })).toMatchObject({ state: 'running', reason: null });
    await place.scheduler.backfill();
    expect(await client.call('backfills.pause', { params })).toMatchObject({ state: 'paused' });
    await place.finish();
    expect((await place.read(id)).progress).toEqual({ ...zero, failed: 3, done: 1, waiting: 8 });
    await client.call('backfills.resume', { params });
    await place.scheduler.backfill();
    const canceled = await client.call('backfills.cancel', { params, body: { stopsRuns: true } });
    expect(canceled).toMatchObject({ state: 'canceled', endedAt: null, progress: { canceled: 7, running: 1 } });
    await place.scheduler.backfill();
    const over = await place.read(id);
    expect(over).toMatchObject({ state: 'canceled', progress: { running: 0, failed: 4 } });
    expect(over.endedAt).not.toBeNull();
    await expect(client.call('backfills.resume', { params })).rejects.toMatchObject({ code: 'BACKFILL_OVER' });
  });

  it('begins nothing while its definition is off', async () => {
    await using place = await noon();
    const { id } = await place.start();
    await sql`update definition set is_enabled = false`.execute(place.store.db);
    await place.scheduler.backfill();
    expect(await place.read(id)).toMatchObject({ progress: { waiting: 12 }, reason: expect.stringContaining('off') });
  });

  it('fails slots that cannot be run, and says why', async () => {
    await using place = await noon();
    const { id } = await place.start({ until: '2026-05-01T01:00:00Z' });
    await sql`update revision set config = '{"in": {"type": "file", "connection": "gone"}, "out": {"type": "stdout"}}'`.execute(
      place.store.db,
    );
    await place.scheduler.backfill();
    const { items } = await place.client.call('backfills.slots', { params: { id } });
    expect(items).toMatchObject([{ state: 'failed', reason: expect.stringContaining('gone') as string }]);
  });
});

describe('backfills', () => {
  it('have limits', async () => {
    await using place = await noon({ cron: '* * * * *' });
    const code = (body: object) =>
      place.start(body).then(
        () => 'made',
        (error: { code: string }) => error.code,
      );
    expect(await code({ from: '2026-04-20T00:00:00Z' })).toBe('RANGE_INVALID');
    expect(await code({ from: '2025-01-01T00:00:00Z' })).toBe('RANGE_INVALID');
    expect(await code({ from: '2026-05-01T12:00:00Z' })).toBe('RANGE_INVALID');
    expect(await code({ from: '2026-05-02T00:00:00Z', until: '2026-05-03T00:00:00Z' })).toBe('BACKFILL_EMPTY');
    expect(await code({ concurrency: 21 })).toBe('REQUEST_INVALID');
    for (let no = 0; no < 5; no++) expect(await code({})).toBe('made');
    expect(await code({})).toBe('BACKFILLS_TOO_MANY');
    const { items } = await place.client.call('backfills.list', { query: { isOpen: true, limit: 3 } });
    expect(items).toHaveLength(3);
    // What is yet to come is no part of it.
    await sql`delete from backfill`.execute(place.store.db);
    const { progress } = await place.start({ from: '2026-05-01T12:00:00Z', until: '2026-05-02T00:00:00Z' });
    expect(progress.total).toBe(31);
  });

  it('tell of days that are not there', async () => {
    // Of February and of April, at their ends.
    await using place = await noon({ cron: '0 0 31 * *' });
    const made = await place.start({ from: '2026-03-01T00:00:00Z', until: '2026-05-01T12:00:00Z' });
    expect(made.progress).toEqual({ ...zero, total: 3, waiting: 1, skipped: 2 });
  });
});
