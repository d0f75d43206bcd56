/**
 * Many runs through whole control planes of this process (section 22 of the design, by the numbers of its tests). The
 * sizes are those that two cores do in seconds; `ROPEWAY_FLOW=full` takes those of the design. Milliseconds are
 * printed, and decide nothing.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, sharedServer } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { until } from '#test/kit/until.ts';
import type { Random } from '#test/sim/random.ts';
import { Crowd } from './crowd.ts';
import { Flow, figures } from './flow.ts';
import type { FlowOptions } from './flow.ts';

const isFull = process.env['ROPEWAY_FLOW'] === 'full';
/** Seconds, when it hangs. */
const HANGING_MS = 900_000;

function size(small: number, full: number): number {
  return isFull ? full : small;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Place extends AsyncDisposable {
  readonly store: ControlStore;
  readonly flow: Flow;
  readonly workspaces: readonly string[];
}

async function place(options: FlowOptions, { workspaces = 1, seats = 50 } = {}): Promise<Place> {
  const store = await controlStore({ kind: 'postgresql' });
  const crowd = new Crowd(store);
  const ids = Array.from({ length: workspaces }, (_, i) => `w${i}`);
  for (const id of ids) await crowd.workspace(id);
  await crowd.limit('installation', 'all', seats);
  const flow = new Flow(store, options);
  return {
    store,
    flow,
    workspaces: ids,
    async [Symbol.asyncDispose]() {
      await flow[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

const between =
  (leastMs: number, mostMs: number) =>
  (random: Random): number =>
    leastMs + random.below(mostMs - leastMs);

/** All succeeded, each by one attempt and one effect. */
async function expectOnce({ store, flow }: Place, runs: number): Promise<void> {
  const { rows } = await sql<{ state: string; attempt_no: number; n: number }>`
    select state, attempt_no, count(*)::int as n from run group by 1, 2`.execute(store.db);
  expect(rows).toEqual([{ state: 'SUCCEEDED', attempt_no: 1, n: runs }]);
  expect(new Set(flow.witness.effects.map(({ runId }) => runId)).size).toBe(runs);
  expect(flow.witness.effects).toHaveLength(runs);
}

describe.skipIf(postgresMissing !== '')(`a flow of runs${postgresMissing}`, { timeout: HANGING_MS }, () => {
  it('D-01 brings a burst of twenty workspaces to its end, each run once', async () => {
    const runs = size(200, 10_000);
    const lengthMs = isFull ? between(100, 5000) : between(10, 300);
    await using all = await place({ seed: 1, lengthMs }, { workspaces: 20, seats: size(50, 500) });
    all.flow.start();
    const startedAt = performance.now();
    await all.flow.create(runs, all.workspaces);
    const createdMs = performance.now() - startedAt;
    await all.flow.finish();
    const overMs = performance.now() - startedAt;
    say(`D-01: ${runs} runs created in ${createdMs.toFixed(0)} ms, all over in ${(overMs / 1000).toFixed(1)} s`);
    await expectOnce(all, runs);
  });

  it.each([
    // So long between two looks that only a hint can have brought it about.
    ['by hints alone', 1 / 3600, undefined],
    ['without any hint', 1, { tell: () => undefined, listen: () => () => undefined }],
  ] as const)('D-05 launches what comes to an idle system %s', async (how, speed, hints) => {
    const runs = size(hints === undefined ? 20 : 3, 600);
    const options = { seed: 5, lengthMs: () => 1, speed };
    await using all = await place(hints === undefined ? options : { ...options, hints });
    all.flow.start();
    for (let run = 1; run <= runs; run++) {
      await all.flow.create(1, all.workspaces);
      await until('it is launched', async () => ((await all.flow.launchWaits()).length === run ? true : undefined));
      if (isFull) await wait(1000);
    }
    const waits = await all.flow.launchWaits();
    say(`D-05: from creation to launch ${how}, ${runs} runs: ${figures(waits)}`);
    expect(waits).toHaveLength(runs);
  });

  it('D-08 goes on while an old snapshot keeps dead rows from being cleaned', async () => {
    const runs = size(150, 6000);
    await using all = await place({ seed: 8, lengthMs: between(1, 50) }, { workspaces: 5 });
    await using snapshot = await heldSnapshot(all.store);
    all.flow.start();
    const times: number[] = [];
    for (let part = 0; part < 3; part++) {
      const startedAt = performance.now();
      await all.flow.create(runs / 3, all.workspaces);
      await all.flow.finish();
      times.push(performance.now() - startedAt);
    }
    const rates = times.map((ms) => ((runs / 3 / ms) * 1000).toFixed(0));
    say(`D-08: runs per second beside an old snapshot, by thirds of ${runs} runs: ${rates.join(', ')}`);
    expect(await snapshot.runs()).toBe(0);
    await expectOnce(all, runs);
  });

  it('D-10 loses and doubles nothing while one of three dispatchers is killed again and again', async () => {
    const runs = size(150, 5000);
    await using all = await place({ seed: 10, lengthMs: between(5, 100) }, { workspaces: 3 });
    for (let i = 0; i < 3; i++) all.flow.start();
    await all.flow.create(runs, all.workspaces);
    let kills = 0;
    await all.flow.finish(async () => {
      await wait(isFull ? 1000 : 150);
      // At the end one works undisturbed: a launch that died with its process is taken over when its lease is over.
      if (kills >= 10 && !isFull) return;
      all.flow.processes[kills % 3]?.kill();
      all.flow.start();
      kills += 1;
      await passDeliveryLeases(all.store);
    });
    say(`D-10: ${kills} of the dispatchers were killed`);
    expect(kills).toBeGreaterThan(3);
    await expectOnce(all, runs);
  });

  it('D-17 rolls releases to and fro under load, twenty times, and no run notices', async () => {
    const runs = size(160, 2000);
    await using all = await place({ seed: 17, lengthMs: between(5, 200) }, { workspaces: 3 });
    const releases = ['n', 'n+1'] as const;
    for (let i = 0; i < 2; i++) all.flow.start(releases[0]);
    let upgrades = 0;
    let created = 0;
    for (; upgrades < 20; upgrades++) {
      await all.flow.create(runs / 20, all.workspaces);
      created += runs / 20;
      for (const old of all.flow.processes) {
        all.flow.start(releases[(upgrades + 1) % 2]);
        await old.close();
      }
    }
    await all.flow.finish();
    const { rows } = await sql<{ release: string }>`
      select distinct manifest ->> 'release' as release from attempt order by 1`.execute(all.store.db);
    expect(rows.map(({ release }) => release)).toEqual([...releases]);
    expect([upgrades, created]).toEqual([20, runs]);
    await expectOnce(all, runs);
  });

  it('D-50 goes on after each crash of the database', async () => {
    const runs = size(80, 3000);
    await using all = await place({ seed: 50, lengthMs: between(20, 300) }, { workspaces: 3, seats: 10 });
    const server = await sharedServer();
    for (let i = 0; i < 2; i++) all.flow.start();
    await all.flow.create(runs, all.workspaces);
    const recoveries: number[] = [];
    await all.flow.finish(async () => {
      if (recoveries.length >= size(3, 20)) return wait(100);
      await wait(isFull ? 30_000 : 300);
      await server.crash();
      const upAt = performance.now();
      const moves = async (): Promise<number> => {
        const { rows } = await sql<{ n: number }>`select count(*)::int as n from run_event`.execute(all.store.db);
        return rows[0]?.n ?? 0;
      };
      const before = await until('the database answers', async () => moves().catch(() => undefined));
      await until('a run moves', async () => {
        if ((await all.flow.open()) === 0) return true;
        return (await moves().catch(() => 0)) > before || undefined;
      });
      recoveries.push(performance.now() - upAt);
    });
    say(`D-50: runs moved again after ${recoveries.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`);
    const { rows } = await sql<{ state: string; n: number }>`
      select state, count(*)::int as n from run group by 1`.execute(all.store.db);
    expect(rows).toEqual([{ state: 'SUCCEEDED', n: runs }]);
    expect(all.flow.witness.effects).toHaveLength(runs);
  });
});

/** What a dead process had begun is free for others at once, and not after a minute. */
async function passDeliveryLeases({ db }: ControlStore): Promise<void> {
  await sql`update attempt set delivery_until = dispatch.now() - interval '1 second'
    where phase = 'PLANNED' and delivery_until is not null`.execute(db);
}

interface Snapshot extends AsyncDisposable {
  /** How many runs it sees. */
  runs(): Promise<number>;
}

/** A transaction that sees the database as it was before the first run. */
async function heldSnapshot({ db }: ControlStore): Promise<Snapshot> {
  const held = await db.startTransaction().setIsolationLevel('repeatable read').execute();
  const runs = async (): Promise<number> => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from run`.execute(held);
    return rows[0]?.n ?? 0;
  };
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(held);
  expect(await runs()).toBe(0);
  return { runs, [Symbol.asyncDispose]: () => held.rollback().execute() };
}
