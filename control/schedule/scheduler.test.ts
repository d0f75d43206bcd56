import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { addSchedules, addWorkspace, endRuns, fireCounts } from '#test/kit/schedule-rows.ts';
import { Random } from '#test/sim/random.ts';
import { Scheduler, recomputeSlots } from './scheduler.ts';
import { settleFires } from './settle-fires.ts';
import { switchOffFailing } from './switch-off.ts';

/** As large as the specification asks for. */
const isWhole = process.env['ROPEWAY_PROOF'] === 'schedule';
const silent = { warn: () => {}, error: () => {} };

class Killed extends Error {}

/** A scheduler of a process that is gone: what it sends after that does not arrive. */
function mortal(store: ControlStore): { readonly scheduler: Scheduler; kill(afterStatements: number): void } {
  let left = Infinity;
  const db = faultyDb(store.db, (_when, statement) => {
    // What the server does by itself with a lost connection.
    if (statement === 'rollback') return;
    left -= 0.5;
    if (left < 0) throw new Killed();
  });
  const scheduler = new Scheduler({ store: { ...store, db }, log: silent });
  return { scheduler, kill: (afterStatements) => (left = afterStatements) };
}

async function drain(scheduler: Scheduler): Promise<void> {
  for (let look = 0; look < 200; look++) if (!(await scheduler.tick())) return;
  throw new Error('the scheduler does not come to an end');
}

async function one<T>(store: ControlStore, statement: string): Promise<T> {
  const { rows } = await sql<T & object>`${sql.raw(statement)}`.execute(store.db);
  const [row] = rows;
  if (row === undefined) throw new Error(`no row: ${statement}`);
  return row;
}

const runs =
  "select count(*)::int as runs, count(distinct idempotency_key)::int as keys from run where trigger = 'schedule'";

describe.runIf(storeKinds.includes('postgresql'))('Scheduler', () => {
  it(
    'D-60 five schedulers, one killed each second: each slot is decided and run once',
    { timeout: isWhole ? 3_600_000 : 120_000 },
    async () => {
      await using store = await controlStore({ kind: 'postgresql' });
      const [schedules, minutes] = isWhole ? [2000, 60] : [100, 6];
      await store.setClock('2026-05-01T00:00:00Z');
      const workspaceId = await addWorkspace(store.db);
      await addSchedules(store.db, schedules, {
        workspaceId,
        cron: '* * * * *',
        next: '2026-05-01T00:01:00Z',
        overlap: 'allow',
      });
      const seed = Date.now() % 1_000_000;
      const random = new Random(seed);
      const living = Array.from({ length: 5 }, () => mortal(store));
      let killed = 0;
      for (let minute = 0; minute < minutes; minute++) {
        await store.advance(60);
        living[random.below(5)]?.kill(random.below(12));
        const outcomes = await Promise.allSettled(living.map(({ scheduler }) => scheduler.tick()));
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome.status !== 'rejected') continue;
          expect(outcome.reason, `seed ${seed}`).toBeInstanceOf(Killed);
          killed += 1;
          living[index] = mortal(store);
        }
        // The next look of the living, a second later: schedules that others held, or that the killed one left.
        await store.advance(1);
        for (const each of living) each.kill(Infinity);
        for (const { scheduler } of living) await drain(scheduler);
        await store.advance(-1);
        expect(await fireCounts(store.db), `seed ${seed}`).toEqual({ fired: schedules * (minute + 1) });
      }
      expect(killed).toBeGreaterThan(0);
      expect(await one(store, runs)).toEqual({ runs: schedules * minutes, keys: schedules * minutes });
      // By the clock that stands while they look: one of them was a second late when another one was killed.
      const late = await one<{ p99: number }>(
        store,
        `select percentile_disc(0.99) within group (order by extract(epoch from decided_at - slot_utc))::float8 as p99
        from schedule_fire`,
      );
      expect(late.p99).toBeLessThanOrEqual(2);
      expect(
        await one(
          store,
          `select count(*)::int as orphans from schedule_fire f left join run r on r.id = f.run_id
      where r.idempotency_key is distinct from 'schedule:' || f.schedule_id || ':' ||
        to_char(f.slot_utc at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
        ),
      ).toEqual({ orphans: 0 });
    },
  );
});

const overlaps = ['allow', 'skip', 'queue_one', 'cancel_previous'] as const;
const onTime = { fired: 1 };
const twice = { fired: 2 };
/** Whatever the overlap: there is one that fires. */
const each = <Counts>(counts: Counts) => [counts, counts, counts, counts] as const;

/** Slots come every ten minutes. Counts in the order of `overlaps`. */
const downTimes = [
  [0, 'none', each(onTime)],
  [0, 'latest', each(onTime)],
  [0, 'all', each(onTime)],
  [10, 'none', each({ fired: 1, 'skipped: too late': 1 })],
  [10, 'latest', each({ fired: 1, 'skipped: a later one is due': 1 })],
  [10, 'all', [twice, { fired: 1, 'skipped: it runs': 1 }, { fired: 1, waiting: 1 }, twice]],
  [360, 'none', each({ fired: 1, 'skipped: too late': 36 })],
  [360, 'latest', each({ fired: 1, 'skipped: too late': 31, 'skipped: a later one is due': 5 })],
  [
    360,
    'all',
    [
      { fired: 10, 'skipped: a later one is due': 27 },
      { fired: 1, 'skipped: it runs': 9, 'skipped: a later one is due': 27 },
      { fired: 1, waiting: 1, 'skipped: another one waits': 8, 'skipped: a later one is due': 27 },
      { fired: 10, 'skipped: a later one is due': 27 },
    ],
  ],
  [4320, 'none', each({ fired: 1, 'skipped: too late': 432 })],
  [4320, 'latest', each({ fired: 1, 'skipped: too late': 427, 'skipped: a later one is due': 5 })],
  [
    4320,
    'all',
    [
      { fired: 10, 'skipped: a later one is due': 423 },
      { fired: 1, 'skipped: it runs': 9, 'skipped: a later one is due': 423 },
      { fired: 1, waiting: 1, 'skipped: another one waits': 8, 'skipped: a later one is due': 423 },
      { fired: 10, 'skipped: a later one is due': 423 },
    ],
  ],
] as const;

describe.each(storeKinds)('Scheduler on %s', (kind) => {
  it.each(kind === storeKinds[0] ? [0, 10, 360, 4320] : [10])(
    'D-62 down for %d minutes: each catch-up with each overlap',
    { timeout: 30_000 },
    async (down) => {
      await using store = await controlStore({ kind });
      await store.setClock('2026-05-01T00:00:05Z');
      const workspaceId = await addWorkspace(store.db);
      const next = '2026-05-01T00:00:00Z';
      const combinations = downTimes
        .filter(([minutes]) => minutes === down)
        .flatMap(([, catchup, counts]) => overlaps.map((overlap, at) => ({ catchup, overlap, counts: counts[at] })));
      expect(combinations).toHaveLength(12);
      const given = { workspaceId, cron: '*/10 * * * *', next, catchupMax: 10 };
      const made = [];
      for (const { catchup, overlap, counts } of combinations) {
        const [pair] = await addSchedules(store.db, 1, { ...given, catchup, overlap });
        made.push({ ...pair, title: `${catchup}, ${overlap}`, overlap, counts });
      }
      // Somebody back on time fires the last one.
      await store.advance(down * 60);
      await drain(new Scheduler({ store, log: silent }));
      for (const { schedule = '', definition = '', title, overlap, counts } of made) {
        const found = await fireCounts(store.db, schedule);
        expect(found, title).toEqual(counts);
        expect(Object.values(found).reduce((sum, count) => sum + count, 0)).toBe(down / 10 + 1);
        const { created, open } = await one<{ created: number; open: number }>(
          store,
          `select count(*)::int as created, count(*) filter (where terminal_at is null)::int as open
          from run where definition_id = '${definition}'`,
        );
        expect(created, title).toBe(found['fired']);
        if (overlap === 'cancel_previous') expect(open, title).toBe(1);
      }
      // What waited runs when the one before it has ended.
      await endRuns(store.db);
      await drain(new Scheduler({ store, log: silent }));
      for (const { schedule = '', title, counts } of made) {
        const { waiting = 0, fired = 0 } = { ...counts } as Record<string, number>;
        expect(await fireCounts(store.db, schedule), title).toMatchObject({ fired: fired + waiting });
      }
    },
  );

  it('D-63 the clock steps back and ahead: nothing fires twice, and ahead it pauses and alarms', async () => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-05-01T12:00:00Z');
    const workspaceId = await addWorkspace(store.db);
    await addSchedules(store.db, 1, { workspaceId, cron: '0 * * * *', next: '2026-05-01T12:00:00Z', overlap: 'allow' });
    const alarms: string[] = [];
    let own = 0;
    const log = { ...silent, error: (message: string) => void alarms.push(message) };
    const scheduler = new Scheduler({ store, log, elapsed: () => own });
    await drain(scheduler);
    await store.advance(-3600);
    // Even when somebody has put the schedule back.
    await sql`update schedule set next_slot_utc = '2026-05-01T11:00:00Z'`.execute(store.db);
    await drain(scheduler);
    await store.advance(3600);
    await drain(scheduler);
    expect(alarms).toHaveLength(1);
    expect(await fireCounts(store.db)).toEqual({ fired: 2 });
    own += 61_000;
    await store.advance(61);
    await drain(scheduler);
    expect(await one(store, runs)).toEqual({ runs: 2, keys: 2 });

    await store.advance(3600);
    await drain(scheduler);
    expect(alarms).toHaveLength(2);
    expect(await one(store, runs)).toEqual({ runs: 2, keys: 2 });
    own += 59_000;
    await store.advance(59);
    await drain(scheduler);
    expect(await one(store, runs)).toEqual({ runs: 2, keys: 2 });
    own += 2000;
    await store.advance(2);
    await drain(scheduler);
    expect(await one(store, runs)).toEqual({ runs: 3, keys: 3 });
  });

  it.each([
    ['edited', 'update definition set revision = 2', { before: 2, after: 1 }],
    ['paused', 'update definition set is_enabled = false', { before: undefined, after: 1 }],
    ['its schedule paused', 'update schedule set is_enabled = false', { before: undefined, after: 1 }],
    ['deleted', 'delete from definition', { before: undefined, after: 1 }],
  ] as const)('D-64 a definition is %s in the second of its slot', async (_title, change, revisions) => {
    for (const order of ['before', 'after'] as const) {
      await using store = await controlStore({ kind });
      await store.setClock('2026-05-01T00:00:00Z');
      const workspaceId = await addWorkspace(store.db);
      await addSchedules(store.db, 1, { workspaceId, cron: '0 * * * *', next: '2026-05-01T00:00:00Z' });
      await sql`insert into revision (definition_id, no, config, author)
        select definition_id, 2, config, author from revision`.execute(store.db);
      const scheduler = new Scheduler({ store, log: silent });
      if (order === 'after') await drain(scheduler);
      await sql.raw(change).execute(store.db);
      await drain(scheduler);
      const { rows } = await sql<{ revision: number }>`select revision from run where trigger = 'schedule'`.execute(
        store.db,
      );
      expect(rows, order).toEqual(revisions[order] === undefined ? [] : [{ revision: revisions[order] }]);
      const { rows: next } = await sql<{ next: string }>`select next_slot_utc as next from schedule`.execute(store.db);
      // What did not fire is decided on when it is on again.
      const slot = revisions[order] === undefined ? '00' : '01';
      if (change.startsWith('update')) expect(next[0]?.next).toBe(`2026-05-01T${slot}:00:00.000000Z`);
    }
  });

  it('D-65 a late run of a slot has the values of the slot', async () => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-05-01T16:00:01Z');
    const workspaceId = await addWorkspace(store.db);
    const given = {
      workspaceId,
      cron: '0 1 * * *',
      zone: 'Asia/Tokyo',
      next: '2026-05-01T16:00:00Z',
      catchup: 'all',
    } as const;
    await addSchedules(store.db, 1, given);
    await drain(new Scheduler({ store, log: silent }));
    // Three days later, of the same slot.
    await addSchedules(store.db, 1, { ...given, overlap: 'allow' });
    await store.advance(3 * 86_400);
    await drain(new Scheduler({ store, log: silent }));
    const { rows } = await sql<{ work: { variables: unknown; transaction_time: string; config: unknown } }>`
      select w.work from schedule_fire f join run_work w using (run_id)
      where f.slot_utc = '2026-05-01T16:00:00Z'`.execute(store.db);
    expect(rows).toHaveLength(2);
    for (const { work } of rows) {
      expect(work).toMatchObject({
        variables: { day: '2026-05-02 01:00:00' },
        transaction_time: '2026-05-01T16:00:00.000Z',
        config: { in: { path_prefix: '2026-05-02 01:00:00' } },
      });
    }
  });

  it('spreads runs by jitter, and leaves the slots as they are', async () => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-05-01T00:00:00Z');
    const workspaceId = await addWorkspace(store.db);
    await addSchedules(store.db, 40, { workspaceId, cron: '0 0 * * *', next: '2026-05-01T00:00:00Z', jitterS: 600 });
    await drain(new Scheduler({ store, log: silent }));
    const spread = await one(
      store,
      `select count(distinct not_before) > 20 as is_spread, count(distinct slot_utc)::int as slots,
      max(not_before) <= '2026-05-01T00:10:00Z' as is_within from schedule_fire join run on run.id = run_id`,
    );
    expect(spread).toEqual({ is_spread: true, slots: 1, is_within: true });
  });

  it('switches a schedule off that it cannot read, and goes on with the others', async () => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-05-01T00:00:00Z');
    const workspaceId = await addWorkspace(store.db);
    await addSchedules(store.db, 1, { workspaceId, cron: 'nonsense', next: '2026-05-01T00:00:00Z' });
    await addSchedules(store.db, 1, { workspaceId, cron: '0 0 * * *', next: '2026-05-01T00:00:00Z' });
    await drain(new Scheduler({ store, log: silent }));
    expect(await fireCounts(store.db)).toEqual({ fired: 1 });
    const { rows } = await sql<{ off_reason: string }>`select off_reason from schedule where not is_enabled`.execute(
      store.db,
    );
    expect(rows).toEqual([{ off_reason: expect.stringContaining('nonsense') as string }]);
  });

  it('computes slots anew when the rules of zones have changed', async () => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-05-01T00:00:00Z');
    const workspaceId = await addWorkspace(store.db);
    await addSchedules(store.db, 1, {
      workspaceId,
      cron: '0 1 * * *',
      zone: 'Asia/Tokyo',
      next: '2026-05-01T17:00:00Z',
    });
    expect(await recomputeSlots(store.db)).toBe(1);
    expect(await one(store, 'select next_slot_utc as next from schedule')).toEqual({
      next: '2026-05-01T16:00:00.000000Z',
    });
    expect(await recomputeSlots(store.db)).toBe(0);
  });

  it.each([
    ['50 failures in 49 hours', '1 hour', '', []],
    ['49 failures in 49 days', '1 day', "where slot_utc > '2026-05-01T00:00:00Z'", []],
    ['50 failures in 49 days', '1 day', '', [true]],
  ] as const)('switches off after %s, or does not', async (_title, every, only, expected) => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-05-01T00:00:00Z');
    const workspaceId = await addWorkspace(store.db);
    await addSchedules(store.db, 1, { workspaceId, cron: '0 0 * * *', next: '2026-05-01T00:00:00Z' });
    await drain(new Scheduler({ store, log: silent }));
    const [first] = (await sql<{ id: string }>`select id from run`.execute(store.db)).rows;
    await sql
      .raw(`insert into run (id, workspace_id, kind, trigger, created_by, state, not_before, queue_deadline, rank, scope_key,
        created_at, queued_at, terminal_at)
      select 'r' || n, workspace_id, kind, trigger, created_by, 'FAILED', not_before, queue_deadline, rank, scope_key,
        created_at, queued_at, created_at + n * interval '${every}' from run, generate_series(0, 49) n where id = '${first?.id}'`)
      .execute(store.db);
    await sql.raw(`delete from schedule_fire; `).execute(store.db);
    await sql
      .raw(`insert into schedule_fire (schedule_id, slot_utc, decision, run_id)
      select s.id, r.terminal_at, 'fired', r.id from schedule s, run r where r.state = 'FAILED'`)
      .execute(store.db);
    if (only !== '') await sql.raw(`update run set state = 'SUCCEEDED' where id = 'r0'`).execute(store.db);
    await store.setClock('2026-07-01T00:00:00Z');
    if (every === '1 hour') await store.setClock('2026-05-04T00:00:00Z');
    expect(await settleFires(store.db)).toBe(50);
    expect((await switchOffFailing(store.db)).map(() => true)).toEqual(expected);
    const { rows: told } = await sql`select kind, is_automatic, actor, reason from schedule_event`.execute(store.db);
    const reason = 'failed 50 times in a row since 2026-05-01T00:00Z';
    const event = { kind: 'switched_off', is_automatic: true, actor: 'scheduler', reason };
    expect(told).toEqual(expected.map(() => event));
  });
});
