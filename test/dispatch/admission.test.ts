/** Limits, fairness and priority (section 22.5 of the design, by the numbers of its tests), on simulated time. */
import { sql } from 'kysely';
import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import { admit } from '#control/dispatch/admission.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { controlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { Random } from '#test/sim/random.ts';
import { Crowd, jain, percentile, probeRun } from './crowd.ts';

let crowd: Crowd;

describe.skipIf(postgresMissing !== '')(`admissionTick()${postgresMissing}`, () => {
  beforeEach(async () => {
    const store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    crowd = new Crowd(store);
  });
  afterEach(async () => {
    await crowd.store[Symbol.asyncDispose]();
  });

  it('lets go what has a seat in every limit, the best first, and says what the others wait for', async () => {
    await crowd.workspace('w');
    await crowd.limit('installation', 'all', 3);
    await crowd.limit('account', 'w/crm', 1);
    await crowd.create('w', 2, { accounts: ['crm'], priority: 9 });
    await crowd.create('w', 3, { priority: 1 });
    expect(await crowd.admitAll()).toBe(3);
    const { rows } = await sql<{ state: string; priority: number; blocked_by: string | null }>`
      select state, priority, blocked_by from run order by priority desc, id`.execute(crowd.store.db);
    expect(rows.map(({ state, priority }) => `${priority} ${state}`)).toEqual([
      '9 DISPATCHING',
      '9 QUEUED',
      '1 DISPATCHING',
      '1 DISPATCHING',
      '1 QUEUED',
    ]);
    expect(rows[1]?.blocked_by).toBe('account w/crm: all of 1 in use');
  });

  it('takes no run before its time, and none of a workspace that is suspended', async () => {
    await crowd.workspace('w');
    await crowd.workspace('off');
    await crowd.create('off', 1);
    await sql`update workspace set suspended_at = dispatch.now() where id = 'off'`.execute(crowd.store.db);
    await crowd.create('w', 1, { delayS: 10 });
    expect(await crowd.admitAll()).toBe(0);
    await crowd.pass(10);
    expect(await crowd.admitAll()).toBe(1);
    await expect(createRuns(crowd.store.db, [probeRun('off')])).rejects.toThrow('is suspended');
  });

  it('lets seats above a limit that was lowered drain', async () => {
    await crowd.workspace('w');
    await crowd.limit('installation', 'all', 4);
    await crowd.create('w', 6);
    expect(await crowd.admitAll()).toBe(4);
    await crowd.limit('installation', 'all', 2);
    expect(await crowd.admitAll()).toBe(0);
    await crowd.pass(60);
    await crowd.endAfter(60);
    expect(await crowd.admitAll()).toBe(2);
  });

  it('D-07 goes past 100,000 runs that wait for one busy connection', async () => {
    await crowd.workspace('w');
    await crowd.limit('account', 'w/busy', 1);
    await crowd.createSame('w', 100_000, { accounts: ['busy'], priority: 9 });
    // As autovacuum leaves a table that has grown over a while.
    await sql`vacuum (analyze) run, run_scope, run_work`.execute(crowd.store.db);
    expect(await crowd.admitAll()).toBe(1);
    await crowd.create('w', 100);
    expect(await crowd.admitAll()).toBe(100);
    // Each later tick finds nothing, and must not pay for those that wait. Milliseconds are for the report alone.
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const startedAt = performance.now();
      expect((await crowd.tick()).admitted).toBe(0);
      times.push(performance.now() - startedAt);
    }
    process.stdout.write(
      `D-07: a tick takes ${percentile(
        times.sort((a, b) => a - b),
        0.5,
      ).toFixed(1)} ms (median)\n`,
    );
  });

  it('D-30 a burst of one workspace does not keep the others waiting', async () => {
    const others = Array.from({ length: 10 }, (_, i) => `other-${i}`);
    await crowd.workspace('a');
    for (const id of others) await crowd.workspace(id);
    await crowd.limit('installation', 'all', 100);
    await crowd.create('a', 2000);
    const random = new Random(30);
    const arrivals = others.flatMap((id) => Array.from({ length: 10 }, () => ({ id, at: random.below(600) })));
    let used = 0;
    let left = 0;
    for (let second = 0; second < 900; second += 5) {
      for (const { id, at } of arrivals) if (at >= second && at < second + 5) await crowd.create(id, 1);
      await crowd.endAfter(30, 60);
      await crowd.admitAll();
      const held = await crowd.held();
      const byOthers = others.reduce((sum, id) => sum + (held[id] ?? 0), 0);
      if (second < 600) {
        used += held['a'] ?? 0;
        left += 100 - 10 - byOthers;
      }
      await crowd.pass(5);
    }
    const waits = (await Promise.all(others.map(async (id) => crowd.waits(id)))).flat().sort((a, b) => a - b);
    expect(waits).toHaveLength(100);
    // Idle, a run is let go by the tick that follows it: on this clock at once.
    expect(percentile(waits, 0.95)).toBeLessThanOrEqual(5);
    expect(used / left).toBeGreaterThanOrEqual(0.95);
  });

  it('D-30 busy workspaces share by their weights', async () => {
    const weights = { a: 1, b: 1, c: 2, d: 4 };
    for (const [id, weight] of Object.entries(weights)) await crowd.workspace(id, weight);
    await crowd.limit('installation', 'all', 40);
    for (const id of Object.keys(weights)) await crowd.create(id, 1500);
    const service: Record<string, number> = {};
    const random = new Random(31);
    for (let second = 0; second < 3600; second += 30) {
      await crowd.endAfter(30 + random.below(90));
      await crowd.admitAll();
      for (const [id, n] of Object.entries(await crowd.held())) service[id] = (service[id] ?? 0) + n;
      await crowd.pass(30);
    }
    const normalised = Object.entries(weights).map(([id, weight]) => (service[id] ?? 0) / weight);
    expect(jain(normalised)).toBeGreaterThanOrEqual(0.95);
  });

  it('D-31 exceeds no limit while several admit, and limits change', async () => {
    for (const id of ['a', 'b', 'c']) await crowd.workspace(id);
    const random = new Random(31);
    const limits = [
      ['installation', 'all'],
      ['workspace', 'a'],
      ['account', 'a/x'],
      ['account', 'b/x'],
      ['lane', 'interactive'],
    ] as const;
    for (const id of ['a', 'b', 'c']) {
      await crowd.create(id, 60, { accounts: ['x'] });
      await crowd.create(id, 60);
      await crowd.create(id, 20, { lane: 'interactive' });
    }
    let admitted = 0;
    for (let second = 0; second < 60; second++) {
      const raised = Math.max(0, ...(await limitsOf()));
      for (const [kind, id] of limits) await crowd.limit(kind, id, raised + random.below(3));
      const results = await Promise.all(Array.from({ length: 8 }, async () => crowd.tick()));
      admitted += results.reduce((sum, result) => sum + result.admitted, 0);
      expect(await crowd.excess()).toBe(0);
      await crowd.pass(1);
      await crowd.endAfter(3 + random.below(5));
      for (const [kind, id] of limits) await crowd.limit(kind, id, 1 + random.below(6));
      await crowd.pass(10);
      await crowd.endAfter(0);
    }
    expect(admitted).toBeGreaterThan(100);
  });

  async function limitsOf(): Promise<readonly number[]> {
    const { rows } = await sql<{ seats: number }>`select seats from seat_limit`.execute(crowd.store.db);
    return rows.map(({ seats }) => seats);
  }

  it('D-32 rolls back a second tick instead of exceeding a limit', async () => {
    await crowd.workspace('w');
    await crowd.limit('installation', 'all', 1);
    await crowd.create('w', 2);
    const { rows } = await sql<{ id: string }>`select id from run order by id`.execute(crowd.store.db);
    // Two ticks that saw the same free seat: what would happen if the lock did not hold.
    const plan = (id: string, fence: string) => ({
      attempts: [{ id, no: 1, fence, name: `r-${id}`, executor: 'memory', manifest: {}, spec_hash: '' }],
      seats: [{ run_id: id, kind: 'installation', id: 'all', seat_no: 1 }],
      actor: 'test',
    });
    await admit(crowd.store.db, plan(rows[0]?.id ?? '', '1'));
    await expect(admit(crowd.store.db, plan(rows[1]?.id ?? '', '2'))).rejects.toThrow(/seat/);
    expect(await crowd.excess()).toBe(0);
    expect(await crowd.held()).toEqual({ w: 1 });
  });

  it('D-33 starts a newcomer from the reserve while long runs of another hold everything else', async () => {
    await crowd.workspace('old');
    await crowd.workspace('new');
    await crowd.limit('installation', 'all', 20);
    await crowd.create('old', 50);
    expect(await crowd.admitAll()).toBe(18);
    await crowd.pass(3600);
    await crowd.create('new', 5);
    expect(await crowd.admitAll()).toBe(1);
    expect(await crowd.held()).toEqual({ old: 18, new: 1 });
  });

  it('keeps a guarantee before the shares', async () => {
    await crowd.workspace('big', 100);
    await crowd.workspace('sure', 1, 3);
    await crowd.limit('installation', 'all', 4);
    await crowd.create('big', 10);
    await crowd.create('sure', 10);
    await crowd.admitAll();
    expect(await crowd.held()).toEqual({ sure: 3, big: 1 });
  });

  it('D-34 the lowest priority passes an inflow of the highest within 40 minutes', async () => {
    await crowd.workspace('w');
    await crowd.limit('installation', 'all', 2);
    await crowd.create('w', 1, { priority: 0, createdBy: 'patient' });
    for (let second = 0; second < 2400; second += 30) {
      await crowd.create('w', 2, { priority: 9 });
      await crowd.endAfter(30);
      await crowd.admitAll();
      await crowd.pass(30);
    }
    const { rows } = await sql<{ state: string; wait: number }>`
      select r.state, extract(epoch from a.created_at - r.created_at)::float8 as wait
      from run r left join attempt a on a.run_id = r.id where r.created_by = 'patient'`.execute(crowd.store.db);
    expect(rows[0]?.state).toBe('SUCCEEDED');
    expect(rows[0]?.wait).toBeGreaterThan(2000);
    expect(rows[0]?.wait).toBeLessThanOrEqual(2400);
  });

  it('D-52 a tick whose commit is not answered is either whole or nothing', async () => {
    await crowd.workspace('w');
    await crowd.limit('installation', 'all', 2);
    await crowd.create('w', 2);
    for (const [when, expected] of [
      ['before', 0],
      ['after', 2],
    ] as const) {
      const lost = faultyDb(crowd.store.db, (at, statement) => {
        if (statement === 'commit' && at === when) throw new Error('the answer was lost');
      });
      await expect(crowd.tick(lost)).rejects.toThrow('the answer was lost');
      const { rows } = await sql<{ attempts: number; seats: number; moved: number; events: number }>`
        select (select count(*)::int from attempt) as attempts, (select count(*)::int from seat) as seats,
          (select count(*)::int from run where state = 'DISPATCHING') as moved,
          (select count(*)::int from run_event where transition = 'T2') as events`.execute(crowd.store.db);
      expect(rows[0]).toEqual({ attempts: expected, seats: expected, moved: expected, events: expected });
    }
  });
});
