/** What the executor has and no attempt needs: what came too late goes, what the rows do not explain goes slowly. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { Dispatcher } from '#control/dispatch/dispatcher.ts';
import { MemoryExecutor, memoryPlace } from '#control/dispatch/executors/memory.ts';
import type { AttemptSpec } from '#control/dispatch/executors/executor.ts';
import { Metrics } from '#control/metrics/metrics.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { attemptSpec } from '#test/kit/executor-conformance.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { until } from '#test/kit/until.ts';
import { Crowd, noCounters, probeRun } from './crowd.ts';

const INSTALLATION = 'inst1';
const tokens = new SessionTokens(new KeyRing([new Uint8Array(32)]), INSTALLATION);
const signal = new AbortController().signal;

describe.skipIf(postgresMissing !== '')(`Sweeper${postgresMissing}`, () => {
  let store: ControlStore;
  const place = memoryPlace();
  /** Called before the launches of the dispatcher that freezes. */
  let frozen: Promise<void> = Promise.resolve();
  const executor = new MemoryExecutor({ installationId: INSTALLATION }, place);
  const sluggish = new MemoryExecutor(
    { installationId: INSTALLATION, delay: async (call) => (call === 'launch' ? frozen : undefined) },
    place,
  );

  beforeEach(async () => {
    place.attempts.clear();
    store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    await new Crowd(store).workspace('w');
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
  });

  const errors: string[] = [];
  const metrics = new Metrics({ version: 'test' });
  const dispatcherOn = (on: MemoryExecutor): Dispatcher => {
    const log = { warn: () => undefined, error: (message: string) => void errors.push(message) };
    const parts = {
      store,
      executor: on,
      tokens,
      log,
      metrics,
      installationId: INSTALLATION,
      controlUrl: 'http://test',
    };
    return new Dispatcher({ ...parts, release: 'test', leaseS: 900, jitter: () => 1, hasHeard: true });
  };
  const service = (): RunnerService =>
    new RunnerService({
      db: store.db,
      transitions: new TransitionWriter(),
      tokens,
      heartbeats: new Heartbeats(store.db, { gatherMs: 0 }),
      moved: () => undefined,
      jitter: () => 1,
    });
  const claim = async ({ runId, attemptNo, fence, bootstrapToken }: AttemptSpec, process: string) => {
    const attempt = { run_id: runId, attempt_no: attemptNo, fence, bootstrap_token: bootstrapToken };
    const about = { claim_nonce: process, protocol: RUNNER_PROTOCOL, runner_version: 'test' };
    return service().claim({ ...attempt, process_uid: process, ...about });
  };
  const attempts = async (): Promise<readonly Record<string, unknown>[]> => {
    const { rows } = await sql<Record<string, unknown>>`
      select r.state, r.version, a.name, a.no, a.fence::text, a.cleaned_at is not null as is_clean
      from run r join attempt a on a.run_id = r.id`.execute(store.db);
    return rows;
  };
  const compared = async (dispatcher: Dispatcher): Promise<void> => {
    await dispatcher.compare();
    await dispatcher.settle();
  };

  it('D-12 a launch that comes ten minutes late is not claimed, and swept', async () => {
    const { promise, resolve: thaw } = Promise.withResolvers<void>();
    frozen = promise;
    const [slow, quick] = [dispatcherOn(sluggish), dispatcherOn(executor)];
    const [run] = await createRuns(store.db, [probeRun('w')]);
    await slow.admit();
    // It has taken the launch, and stands still before the call.
    const launching = slow.launch();
    await until('it is taken', async () => {
      const { rows } = await sql`select from attempt where delivery_owner is not null`.execute(store.db);
      return rows[0];
    });
    await store.advance(61);
    await quick.launch();
    await quick.settle();
    const [attempt] = await attempts();
    const name = String(attempt?.['name']);
    const runId = run?.id ?? '';
    const fence = String(attempt?.['fence']);
    const bootstrapToken = tokens.bootstrap({ runId, attemptNo: 1, fence });
    const spec = { ...attemptSpec(), name, runId, attemptNo: 1, fence, bootstrapToken };
    const first = await executor.get(name);
    executor.begin(name);
    const { execution_id } = await claim(spec, first === 'absent' ? '' : first.ref);
    const execution = { run_id: runId, attempt_no: 1, fence, execution_id };
    await service().finish({ ...execution, outcome: 'succeeded', counters: noCounters, committed: true, result: {} });
    executor.end(name);
    await compared(quick);
    const [over] = await attempts();
    expect(over).toMatchObject({ state: 'SUCCEEDED', is_clean: true });
    expect(executor.names).toEqual([]);

    await store.advance(600);
    thaw();
    await launching;
    await slow.settle();
    expect(executor.names).toEqual([name]);
    await expect(claim(spec, 'late')).rejects.toMatchObject({ code: 'CLAIM_REVOKED' });
    await compared(quick);
    expect(executor.names).toEqual([]);
    expect(await attempts()).toEqual([over]);
  });

  /** Objects of this installation that no row tells of. */
  const strangers = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await executor.launch(attemptSpec({ installationId: INSTALLATION }), signal);
  };

  it('D-27 an empty database makes it take nothing away, and say so', async () => {
    await strangers(60);
    for (const name of executor.names) executor.begin(name);
    const dispatcher = dispatcherOn(executor);
    errors.length = 0;
    for (let look = 0; look < 4; look++) {
      await compared(dispatcher);
      await store.advance(1200);
    }
    expect(executor.names).toHaveLength(60);
    expect(metrics.isSweepStopped).toBe(true);
    expect(errors).toEqual([expect.stringContaining('no attempt explains')]);
  });

  it.each([
    // Live attempts that are known, objects of nobody, and how many of those are left in the end.
    [8, 2, 0],
    [8, 3, 3],
    [0, 1, 1],
    [300, 51, 51],
  ])('beside %i that it knows it leaves of %i that nobody explains %i', async (known, unknown, left) => {
    frozen = Promise.resolve();
    const dispatcher = dispatcherOn(executor);
    await new Crowd(store).create('w', known);
    while (await dispatcher.admit());
    while (await dispatcher.launch());
    await dispatcher.settle();
    expect(executor.names).toHaveLength(known);
    await strangers(unknown);
    const lefts: number[] = [];
    for (const seconds of [0, 599, 1]) {
      await store.advance(seconds);
      await compared(dispatcher);
      lefts.push(executor.names.length - known);
    }
    // Not at the first sight, and not before its time.
    expect(lefts).toEqual([unknown, unknown, left]);
    expect(metrics.isSweepStopped).toBe(left > 0);
  });

  it('touches nothing of another installation', async () => {
    const dispatcher = dispatcherOn(executor);
    await executor.launch(attemptSpec({ installationId: 'another' }), signal);
    executor.intrude('somebody');
    for (const seconds of [0, 700]) {
      await store.advance(seconds);
      await compared(dispatcher);
    }
    expect(executor.names).toHaveLength(2);
    expect(metrics.isSweepStopped).toBe(false);
  });
});
