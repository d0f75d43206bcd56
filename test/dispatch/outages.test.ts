/** What is around the control plane fails for minutes: the API server of a cluster, the clocks of machines. */
import { sql } from 'kysely';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { clusterPressure } from '#control/dispatch/backpressure.ts';
import { Dispatcher } from '#control/dispatch/dispatcher.ts';
import { kubernetesExecutor } from '#control/dispatch/executors/kubernetes.ts';
import { MemoryExecutor } from '#control/dispatch/executors/memory.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { Scheduler } from '#control/schedule/scheduler.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import { fakeKubernetes } from '#test/fakes/kubernetes/api-server.ts';
import type { PodEnd, RunningPod } from '#test/fakes/kubernetes/cluster.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { jobProfile } from '#test/kit/kubernetes-bench.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { addSchedules, addWorkspace, fireCounts } from '#test/kit/schedule-rows.ts';
import { virtualClock } from '#test/kit/virtual-clock.ts';
import type { VirtualClock } from '#test/kit/virtual-clock.ts';
import { Crowd, noCounters, probeRun } from './crowd.ts';

const isFull = process.env['ROPEWAY_FLOW'] === 'full';
const INSTALLATION = 'inst1';
const LEASE_S = 900;
const tokens = new SessionTokens(new KeyRing([new Uint8Array(32)]), INSTALLATION);
const never = new AbortController().signal;

function serviceOn(db: Store['db']): RunnerService {
  return new RunnerService({
    db,
    transitions: new TransitionWriter(),
    tokens,
    heartbeats: new Heartbeats(db, { gatherMs: 0 }),
    moved: () => undefined,
    leaseS: LEASE_S,
    jitter: () => 1,
  });
}

interface Execution {
  readonly run_id: string;
  readonly attempt_no: number;
  readonly fence: string;
  readonly execution_id: string;
}

/** A database of which is known whether it has been asked something. */
function watched(store: ControlStore): { readonly db: Store['db']; readonly answer: () => Promise<void> | undefined } {
  let asked = 0;
  let idle: PromiseWithResolvers<void> | undefined;
  const db = faultyDb(store.db, (when) => {
    asked += when === 'before' ? 1 : -1;
    if (asked > 0) idle ??= Promise.withResolvers<void>();
    else {
      idle?.resolve();
      idle = undefined;
    }
  });
  return { db, answer: () => idle?.promise };
}

interface LivePod {
  readonly execution: Execution;
  /** Ends the process: after a report, or without a word. */
  end(how: 'reports' | 'dies'): Promise<void>;
}

class Cluster implements AsyncDisposable {
  readonly #store: ControlStore;
  readonly #db: Store['db'];
  readonly #parts: Awaited<ReturnType<typeof openCluster>>;
  readonly live = new Map<string, LivePod>();
  #seq = 0;

  constructor(store: ControlStore, db: Store['db'], parts: Awaited<ReturnType<typeof openCluster>>) {
    this.#store = store;
    this.#db = db;
    this.#parts = parts;
  }

  get clock(): VirtualClock {
    return this.#parts.clock;
  }

  get server(): Awaited<ReturnType<typeof fakeKubernetes>> {
    return this.#parts.server;
  }

  /** So many seconds pass, in which all that live are heard of. */
  async pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 20) {
      await this.clock.run(Math.min(20, seconds - passed) * 1000);
      this.#seq += 1;
      const service = serviceOn(this.#db);
      const beat = { seq: this.#seq, counters: noCounters, hold_s: 0 };
      await Promise.all(
        [...this.live.values()].map(async ({ execution }) => service.heartbeat({ ...execution, ...beat }, never)),
      );
    }
  }

  async states(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await sql<{ what: string; n: number }>`
      select state || case when is_quiesced then '' else ' live' end as what, count(*)::int as n
      from run group by 1`.execute(this.#store.db);
    return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
  }

  /** Milliseconds at which Jobs were made. */
  creations(): readonly number[] {
    return this.server.audit
      .filter(({ verb, resource, isDone }) => verb === 'create' && resource === 'jobs' && isDone)
      .map(({ at }) => at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.close();
  }
}

async function openCluster(store: ControlStore, play: (running: RunningPod) => Promise<PodEnd>) {
  const { db, answer } = watched(store);
  const clock: VirtualClock = virtualClock(() => executor.inFlight > server.held, answer);
  const server = await fakeKubernetes({ clock, plan: () => ({ run: play }) });
  const executor = kubernetesExecutor({
    access: server.access,
    installationId: INSTALLATION,
    profile: jobProfile,
    limits: { cpuMillisMax: 4_000, memoryMbMax: 16_384 },
    clock,
    random: () => server.faults.random(),
  });
  const probe = async (): Promise<void> => {
    for await (const _ of executor.list()) return;
  };
  // Nobody is told anything: what comes about comes about by looking.
  const hints = { tell: () => undefined, listen: () => () => undefined };
  const dispatcher = new Dispatcher({
    store: { ...store, db, hints },
    executor,
    pressure: clusterPressure({ probe, now: () => clock.now() }),
    tokens,
    installationId: INSTALLATION,
    controlUrl: 'http://control.example.com',
    release: 'test',
    log: { warn: () => undefined, error: () => undefined },
    leaseS: LEASE_S,
    jitter: () => 1,
    hasHeard: true,
    clock,
  });
  // The clock of the database goes with it.
  const tick = (): void => {
    clock.after(1000, tick);
    void sql`update dispatch.test_clock set at = at + interval '1 second'`.execute(db);
  };
  tick();
  dispatcher.start();
  return {
    clock,
    server,
    db,
    async close() {
      const closing = dispatcher.close();
      await clock.run(30_000);
      await closing;
      await executor[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function cluster(store: ControlStore): Promise<Cluster> {
  const play = async ({ pod, env, secrets, killed }: RunningPod): Promise<PodEnd> => {
    const service = serviceOn(parts.db);
    const run_id = env['ROPEWAY_RUN_ID'] ?? '';
    const attempt = { run_id, attempt_no: Number(env['ROPEWAY_ATTEMPT_NO']), fence: env['ROPEWAY_FENCE'] ?? '' };
    const uid = pod.metadata.uid ?? '';
    const { execution_id } = await service.claim({
      ...attempt,
      bootstrap_token: secrets['token'] ?? '',
      process_uid: uid,
      claim_nonce: uid,
      protocol: RUNNER_PROTOCOL,
      runner_version: 'test',
    });
    const execution = { ...attempt, execution_id };
    return new Promise<PodEnd>((resolve) => {
      killed.addEventListener('abort', () => resolve({ exitCode: 137 }));
      made.live.set(run_id, {
        execution,
        async end(how) {
          made.live.delete(run_id);
          const report = { outcome: 'succeeded', counters: noCounters, committed: true, result: {} } as const;
          if (how === 'reports') await service.finish({ ...execution, ...report });
          resolve({ exitCode: how === 'reports' ? 0 : 1 });
        },
      });
    });
  };
  const parts = await openCluster(store, play);
  const made = new Cluster(store, parts.db, parts);
  return made;
}

/** How many fall into the fullest stretch of so many milliseconds. */
function densest(times: readonly number[], ms: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

describe.skipIf(postgresMissing !== '')(`Dispatcher${postgresMissing}`, () => {
  afterEach(() => void vi.useRealTimers());

  it('D-21 an API server that is away for minutes costs no run, and is not run over when it is back', async () => {
    // The design says 200 runs and ten minutes; the smaller numbers are what two cores do in seconds.
    const [running, waiting, awayS] = isFull ? [200, 200, 600] : [24, 36, 120];
    await using store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    await new Crowd(store).workspace('w');
    // Connections are made once, and do not take any of the time below.
    await Promise.all(Array.from({ length: 10 }, async () => sql`select pg_sleep(0.01)`.execute(store.db)));
    await using all = await cluster(store);
    await createRuns(
      store.db,
      Array.from({ length: running }, () => probeRun('w')),
    );
    await all.pass(60);
    expect(all.live.size).toBe(running);

    await all.server.goAway();
    await createRuns(
      store.db,
      Array.from({ length: waiting }, () => probeRun('w')),
    );
    await all.pass(20);
    const [told, untold] = [[...all.live.values()].slice(0, 8), [...all.live.values()].slice(8, 12)];
    for (const each of told) await each.end('reports');
    for (const each of untold) await each.end('dies');
    await all.pass(awayS - 20);
    const away = await all.states();
    expect(away).toMatchObject({ 'RUNNING live': running - 8, 'SUCCEEDED live': 8 });
    // What was let go before the outage was noticed waits for it to end, and is not given up.
    expect((away['QUEUED'] ?? 0) + (away['DISPATCHING live'] ?? 0)).toBe(waiting);
    expect(all.creations()).toHaveLength(running);

    const backAt = all.clock.now();
    await all.server.comeBack();
    await all.pass(60);
    expect(await all.states()).toMatchObject({ SUCCEEDED: 8, FAILED: 4 });
    const creations = all.creations().slice(running);
    expect(creations.length).toBeGreaterThan(10);
    expect(densest(creations, 1000)).toBeLessThanOrEqual(10);
    expect(creations.filter((at) => at < backAt + 5000).length).toBeLessThanOrEqual(10);

    await all.pass(isFull ? 120 : 40);
    for (const each of all.live.values()) await each.end('reports');
    await all.pass(isFull ? 120 : 40);
    expect(await all.states()).toEqual({ SUCCEEDED: running + waiting - 4, FAILED: 4 });
    const { rows } = await sql<{ most: number }>`select max(attempt_no)::int as most from run`.execute(store.db);
    expect(rows).toEqual([{ most: 1 }]);
    expect(all.server.store.of('jobs').size).toBe(0);
  });

  it('D-42 wall clocks that step ten minutes to and fro each minute give nobody up and fire nothing twice', async () => {
    const minutes = 20;
    await using store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-05-01T00:00:00Z');
    const workspaceId = await addWorkspace(store.db);
    await addSchedules(store.db, 3, {
      workspaceId,
      cron: '* * * * *',
      next: '2026-05-01T00:01:00Z',
      overlap: 'allow',
      catchup: 'all',
    });
    const crowd = new Crowd(store);
    await crowd.create(workspaceId, 15);
    await crowd.admitAll();
    const service = serviceOn(store.db);
    const { rows } = await sql<Omit<Execution, 'execution_id'>>`
      select run_id, no as attempt_no, fence::text from attempt`.execute(store.db);
    const executions: Execution[] = [];
    for (const attempt of rows) {
      const bootstrap_token = tokens.bootstrap({ runId: attempt.run_id, attemptNo: 1, fence: attempt.fence });
      const process = { process_uid: attempt.run_id, claim_nonce: 'n', protocol: RUNNER_PROTOCOL, runner_version: 't' };
      const { execution_id } = await service.claim({ ...attempt, bootstrap_token, ...process });
      executions.push({ ...attempt, execution_id });
    }
    let elapsedMs = 0;
    const log = { warn: () => undefined, error: () => undefined };
    const schedulers = [0, 1].map(() => new Scheduler({ store, log, elapsed: () => elapsedMs }));
    const silent = { tell: () => undefined, listen: () => () => undefined };
    const executor = new MemoryExecutor({ installationId: INSTALLATION });
    const dispatcher = new Dispatcher({
      store: { ...store, hints: silent },
      executor,
      tokens,
      installationId: INSTALLATION,
      controlUrl: 'http://test',
      release: 'test',
      log,
      leaseS: LEASE_S,
      hasHeard: true,
    });
    vi.useFakeTimers({ toFake: ['Date'] });
    const trueMs = Date.parse('2026-05-01T00:00:00Z');
    for (let second = 20; second <= minutes * 60; second += 20) {
      elapsedMs = second * 1000;
      await store.advance(20);
      const skewMs = (Math.floor(second / 60) % 2 === 0 ? 1 : -1) * 600_000;
      // Runners are as far ahead as the control plane is behind.
      vi.setSystemTime(trueMs + elapsedMs + skewMs);
      const beat = { seq: second, counters: noCounters, hold_s: 0 };
      await Promise.all(executions.map(async (each) => service.heartbeat({ ...each, ...beat }, never)));
      vi.setSystemTime(trueMs + elapsedMs - skewMs);
      await dispatcher.reap();
      await Promise.all(schedulers.map(async (scheduler) => scheduler.tick()));
    }
    vi.useRealTimers();
    const { rows: left } = await sql<{ state: string; n: number }>`
      select state, count(*)::int as n from run where trigger = 'api' group by 1`.execute(store.db);
    expect(left).toEqual([{ state: 'RUNNING', n: 15 }]);
    expect(await fireCounts(store.db)).toEqual({ fired: 3 * minutes });
    const { rows: fired } = await sql<{ runs: number; slots: number }>`
      select count(*)::int as runs, count(distinct idempotency_key)::int as slots from run
      where trigger = 'schedule'`.execute(store.db);
    expect(fired).toEqual([{ runs: 3 * minutes, slots: 3 * minutes }]);
  });
});
