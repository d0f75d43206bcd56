import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import type { StoreKind } from '#test/kit/control-store.ts';
import { addSchedules, endRuns } from '#test/kit/schedule-rows.ts';
import { forgetOldSlots } from './forget-slots.ts';
import { Scheduler } from './scheduler.ts';
import { settleFires } from './settle-fires.ts';

const silent = { warn: () => {}, error: () => {} };

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- of this file alone
async function hourly(kind: StoreKind | undefined, given: object = {}) {
  const api = await controlApi({ kind });
  await api.store.setClock('2026-05-01T00:00:00Z');
  const defaults = { workspaceId: api.own.workspaceId, cron: '0 * * * *', next: '2026-05-01T00:00:00Z' };
  const [pair] = await addSchedules(api.store.db, 1, { ...defaults, ...given });
  const params = { id: pair?.schedule ?? '' };
  // A new one each time: one that has seen the clock would pause when it goes ahead.
  const scheduler = { tick: () => new Scheduler({ store: api.store, log: silent }).tick() };
  const calendar = (from: string, until: string, limit = 10_000) =>
    api.own.client.call('schedules.calendar', { params, query: { from, until, limit } });
  return { api, params, scheduler, calendar, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

describe('calendarOf()', () => {
  it.each(storeKinds)('tells what became of each slot (%s)', async (kind) => {
    await using place = await hourly(kind);
    const { api, scheduler } = place;
    const { store } = api;
    const hour = async (state?: 'SUCCEEDED' | 'FAILED'): Promise<void> => {
      await scheduler.tick();
      if (state !== undefined) await endRuns(store.db, state);
      await store.advance(3600);
    };
    await hour('SUCCEEDED');
    await hour('FAILED');
    await hour();
    // While the run of 02:00 goes on.
    await hour();
    await sql`update schedule set next_slot_utc = '2026-05-01T05:00:00Z'`.execute(store.db);
    await store.advance(3600);
    await endRuns(store.db);
    await settleFires(store.db);
    await hour();
    await store.advance(-3000);
    const { items, counts } = await place.calendar('2026-04-30T23:00:00Z', '2026-05-01T08:00:00Z');
    expect(items.map(({ slot, status, reason }) => [slot.slice(11, 16), status, reason?.replace(/: .*/, '')])).toEqual([
      ['23:00', 'missing', 'the schedule was not there yet'],
      ['00:00', 'done', undefined],
      ['01:00', 'failed', undefined],
      ['02:00', 'done', undefined],
      ['03:00', 'skipped', 'it runs'],
      ['04:00', 'missing', undefined],
      ['05:00', 'running', undefined],
      ['06:00', 'planned', undefined],
      ['07:00', 'planned', undefined],
    ]);
    expect(counts).toEqual({ done: 2, running: 1, failed: 1, waiting: 0, skipped: 1, missing: 2, planned: 2 });
    expect(items[1]).toMatchObject({
      runState: 'SUCCEEDED',
      isOfPattern: true,
      localTime: '2026-05-01T00:00:00+00:00',
    });
  });

  it('goes on where it was cut, and knows slots of a pattern that is no more', async () => {
    await using place = await hourly(storeKinds[0]);
    const { api, params, scheduler } = place;
    await scheduler.tick();
    const body = { pattern: { kind: 'hourly', minute: 30 } as const };
    await api.own.client.call('schedules.update', { params, body, ifMatch: '*' });
    const whole = await place.calendar('2026-05-01T00:00:00Z', '2026-05-03T00:00:00Z');
    expect(whole.items).toHaveLength(49);
    expect(whole.items.slice(0, 2)).toMatchObject([
      { slot: '2026-05-01T00:00:00.000Z', isOfPattern: false },
      { slot: '2026-05-01T00:30:00.000Z', isOfPattern: true },
    ]);
    const found = [];
    let from = '2026-05-01T00:00:00Z';
    for (let page = 0; page < 10; page++) {
      const { items, next } = await place.calendar(from, '2026-05-03T00:00:00Z', 10);
      found.push(...items);
      if (next === undefined) break;
      from = next;
    }
    expect(found).toEqual(whole.items);
    const long = place.calendar('2026-05-01T00:00:00Z', '2027-06-06T00:00:00Z');
    await expect(long).rejects.toMatchObject({ status: 422, code: 'RANGE_INVALID' });
  });

  it('knows how runs ended that are forgotten, and is forgotten itself after 400 days', async () => {
    await using place = await hourly(storeKinds[0]);
    const { api, scheduler } = place;
    const { store } = api;
    await scheduler.tick();
    await endRuns(store.db);
    expect(await settleFires(store.db)).toBe(1);
    expect(await settleFires(store.db)).toBe(0);
    await sql`delete from run`.execute(store.db);
    const day = ['2026-05-01T00:00:00Z', '2026-05-01T01:00:00Z'] as const;
    expect((await place.calendar(...day)).items).toMatchObject([{ status: 'done' }]);
    await store.advance(401 * 86_400);
    expect(await forgetOldSlots(store.db)).toBe(false);
    expect((await place.calendar(...day)).items).toMatchObject([{ status: 'done' }]);
    await store.advance(1);
    await forgetOldSlots(store.db);
    expect((await place.calendar(...day)).items).toMatchObject([{ status: 'missing' }]);
  });

  it.runIf(storeKinds.includes('postgresql'))('reads the rows of its range alone, among many', async () => {
    await using place = await hourly('postgresql');
    const { db } = place.api.store;
    await addSchedules(db, 20, {
      workspaceId: place.api.own.workspaceId,
      cron: '0 * * * *',
      next: '2030-01-01T00:00:00Z',
    });
    await sql`insert into schedule_fire (schedule_id, slot_utc, decision, outcome, run_id)
      select s.id, '2026-05-01T00:00:00Z'::timestamptz - n * interval '1 hour', 'fired', 'SUCCEEDED', s.id
      from schedule s, generate_series(1, 1000) n`.execute(db);
    await sql`analyze schedule_fire`.execute(db);
    const read = async (): Promise<number> => {
      await sql`select pg_stat_force_next_flush()`.execute(db);
      const { rows } = await sql<{ read: number }>`select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read
        from pg_stat_user_tables where relname in ('schedule_fire', 'run')`.execute(db);
      return rows[0]?.read ?? 0;
    };
    const before = await read();
    const { items } = await place.calendar('2026-04-20T00:00:00Z', '2026-05-01T00:00:00Z');
    expect(items).toHaveLength(11 * 24);
    expect((await read()) - before).toBeLessThanOrEqual(11 * 24 + 1);
  });
});
