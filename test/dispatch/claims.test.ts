/** What runners may do with attempts when many ask at once, answers are lost, and stops cross them. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import type { ClaimRequest, FinishRequest } from '#api/runner.ts';
import { MassSilence } from '#control/dispatch/mass-silence.ts';
import { Reapers } from '#control/dispatch/reapers.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { stopRun } from '#control/runs/stop-run.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { isRopewayError } from '#spi/errors.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { Random } from '#test/sim/random.ts';
import { Crowd } from './crowd.ts';

const LEASE_S = 900;
const tokens = new SessionTokens(new KeyRing([new Uint8Array(32)]), 'test');
const never = new AbortController().signal;
const counters = {
  records_read: 1,
  records_written: 1,
  records_rejected: 0,
  bytes_read: 0,
  bytes_written: 0,
  tasks_done: 0,
};

interface Attempt {
  readonly run_id: string;
  readonly attempt_no: number;
  readonly fence: string;
}

describe.skipIf(postgresMissing !== '')(`RunnerService${postgresMissing}`, () => {
  let store: ControlStore;
  let crowd: Crowd;
  const transitions = new TransitionWriter();

  beforeEach(async () => {
    store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    crowd = new Crowd(store);
    await crowd.workspace('w');
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
  });

  const serviceOn = (db = store.db): RunnerService =>
    new RunnerService({
      db,
      transitions,
      tokens,
      heartbeats: new Heartbeats(db, { gatherMs: 0 }),
      moved: () => undefined,
      leaseS: LEASE_S,
      jitter: () => 1,
    });

  const attempts = async (): Promise<readonly Attempt[]> => {
    const { rows } = await sql<Attempt>`
      select run_id, no as attempt_no, fence::text from attempt where quiesced_at is null order by run_id`.execute(
      store.db,
    );
    return rows;
  };
  const admitted = async (count: number, options = {}): Promise<readonly Attempt[]> => {
    await crowd.create('w', count, options);
    await crowd.admitAll();
    return attempts();
  };
  const claimOf = (attempt: Attempt, process: string): ClaimRequest => ({
    ...attempt,
    bootstrap_token: tokens.bootstrap({ runId: attempt.run_id, attemptNo: attempt.attempt_no, fence: attempt.fence }),
    process_uid: process,
    claim_nonce: `${process}-nonce`,
    protocol: RUNNER_PROTOCOL,
    runner_version: 'test',
  });
  const codeOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'ok',
      (error: unknown) => {
        if (!isRopewayError(error)) throw error;
        return error.code;
      },
    );
  const run = async (id: string): Promise<Record<string, unknown>> => {
    const { rows } = await sql<Record<string, unknown>>`select * from run where id = ${id}`.execute(store.db);
    return rows[0] ?? {};
  };

  it('D-16 gives the work to one of a hundred that claim at once, and to that one again', async () => {
    const [attempt] = await admitted(1);
    if (attempt === undefined) throw new Error('nothing was admitted');
    const random = new Random(16);
    // Half of the answers are lost after the claim was written.
    const lossy = faultyDb(store.db, (when) => {
      if (when === 'after' && random.chance(0.5)) throw new Error('the answer was lost');
    });
    const service = serviceOn(lossy);
    const ask = async (process: string): Promise<string | undefined> => {
      for (let tries = 0; tries < 100; tries++) {
        try {
          return (await service.claim(claimOf(attempt, process))).execution_id;
        } catch (error) {
          if (isRopewayError(error)) return undefined;
        }
      }
      throw new Error('never answered');
    };
    const answers = await Promise.all(Array.from({ length: 100 }, async (_, i) => ask(`process-${i}`)));
    const winners = answers.filter((id) => id !== undefined);
    expect(winners).toHaveLength(1);
    const winner = answers.findIndex((id) => id !== undefined);
    expect((await serviceOn().claim(claimOf(attempt, `process-${winner}`))).execution_id).toBe(winners[0]);
    expect(await codeOf(serviceOn().claim(claimOf(attempt, 'late')))).toBe('CLAIM_TAKEN');
  });

  it('refuses a token of another attempt, and D-56 a protocol that it does not speak', async () => {
    const [first, second] = await admitted(2);
    if (first === undefined || second === undefined) throw new Error('nothing was admitted');
    const wrong = { ...claimOf(first, 'p'), bootstrap_token: claimOf(second, 'p').bootstrap_token };
    expect(await codeOf(serviceOn().claim(wrong))).toBe('BOOTSTRAP_TOKEN_WRONG');
    expect(await codeOf(serviceOn().claim({ ...claimOf(first, 'p'), protocol: 999 }))).toBe('RUNNER_PROTOCOL');
    expect(await run(first.run_id)).toMatchObject({ state: 'DISPATCHING' });
  });

  const working = async (count: number, options = {}) => {
    const service = serviceOn();
    const list = await admitted(count, options);
    const claims: (Attempt & { readonly execution_id: string })[] = [];
    for (let i = 0; i < list.length; i += 20) {
      const some = list.slice(i, i + 20).map(async (attempt) => {
        const { execution_id } = await service.claim(claimOf(attempt, `p-${attempt.run_id}`));
        return { ...attempt, execution_id };
      });
      claims.push(...(await Promise.all(some)));
    }
    return claims;
  };
  type Working = Awaited<ReturnType<typeof working>>[number];
  const finish = (execution: Working, more: Partial<FinishRequest> = {}): FinishRequest => ({
    ...execution,
    outcome: 'succeeded',
    counters,
    committed: true,
    result: {},
    ...more,
  });

  it('takes a report once, and hears it again without harm', async () => {
    const [execution] = await working(1);
    if (execution === undefined) throw new Error('nothing was claimed');
    await serviceOn().finish(finish(execution));
    await serviceOn().finish(finish(execution));
    const { rows } = await sql`select 1 from run_event where transition = 'T5'`.execute(store.db);
    expect(rows).toHaveLength(1);
    expect(await run(execution.run_id)).toMatchObject({ state: 'SUCCEEDED', is_quiesced: false });
    await serviceOn().quiesced(execution);
    await serviceOn().quiesced(execution);
    expect(await run(execution.run_id)).toMatchObject({ state: 'SUCCEEDED', is_quiesced: true });
  });

  it('D-48 never lets a commit follow a stop, nor a stop a commit', async () => {
    const service = serviceOn();
    const list = await working(60);
    const random = new Random(48);
    for (const execution of list) {
      const actions = [
        async () => codeOf(service.commit({ ...execution, commit_key: 'a' })),
        async () => codeOf(service.commit({ ...execution, commit_key: 'a' })),
        async () => stopRun(store.db, transitions, { runId: execution.run_id, actor: 'user', reason: 'canceled' }),
        async () =>
          codeOf(transitions.move(store.db, 'T8b', execution.run_id, { actor: 'reaper', stopReason: 'timeout' })),
      ].sort(() => random.next() - 0.5);
      const answers = await Promise.all(actions.map(async (act) => act()));
      const { commit_granted_at: granted, state } = await run(execution.run_id);
      const isGranted = answers.includes('ok') && granted !== null;
      if (granted === null) {
        expect(state).toBe('STOPPING');
        expect(answers).not.toContain('cancel_too_late');
      } else {
        // Whoever asked for the permit was told; the stop came too late, and was told so.
        expect(state).toBe('RUNNING');
        expect(isGranted).toBe(true);
        expect(answers).toContain('cancel_too_late');
      }
    }
  });

  it('D-48 grants nothing to a claim that was given up, or whose lease is over', async () => {
    const [lost, late] = await working(2);
    if (lost === undefined || late === undefined) throw new Error('nothing was claimed');
    const { fence, attempt_no: attemptNo, execution_id: executionId } = lost;
    const failure = { class: 'NODE_LOST', code: 'X', message: 'x', retry: 'infra', doubt: 'silent' } as const;
    await transitions.move(store.db, 'T6', lost.run_id, { actor: 'test', attemptNo, fence, executionId, failure });
    expect(await codeOf(serviceOn().commit({ ...lost, commit_key: 'a' }))).toBe('CLAIM_REVOKED');
    expect(await codeOf(serviceOn().finish(finish(lost)))).toBe('CLAIM_REVOKED');
    expect(await codeOf(serviceOn().heartbeat({ ...lost, seq: 9, counters, hold_s: 0 }, never))).toBe('CLAIM_REVOKED');
    const log = { ...lost, seq: 1, line_count: 1 };
    expect(await codeOf(serviceOn().logs(log, new Uint8Array(1)))).toBe('CLAIM_REVOKED');
    await crowd.pass(LEASE_S + 1);
    expect(await codeOf(serviceOn().commit({ ...late, commit_key: 'a' }))).toBe('CLAIM_REVOKED');
  });

  it('D-44 a stop at any moment gives one outcome, and no effect of a run that was canceled', async () => {
    const random = new Random(44);
    const service = serviceOn();
    const list = await admitted(100);
    const effects = new Set<string>();
    await Promise.all(
      list.map(async (attempt) => {
        const stop = async (): Promise<void> => {
          for (let i = random.below(12); i > 0; i--) await sql`select 1`.execute(store.db);
          await stopRun(store.db, transitions, { runId: attempt.run_id, actor: 'user', reason: 'canceled' });
        };
        const work = async (): Promise<void> => {
          const { execution_id } = await service.claim(claimOf(attempt, attempt.run_id));
          const execution = { ...attempt, execution_id };
          const permit = await codeOf(service.commit({ ...execution, commit_key: 'k' }));
          if (permit === 'ok') effects.add(attempt.run_id);
          await service.finish(
            permit === 'ok' ? finish(execution) : finish(execution, { outcome: 'canceled', committed: false }),
          );
          await service.quiesced(execution);
        };
        await Promise.all([stop(), work().catch((error: unknown) => expect(isRopewayError(error)).toBe(true))]);
      }),
    );
    const { rows } = await sql<{ id: string; state: string; is_quiesced: boolean }>`
      select id, state, is_quiesced from run`.execute(store.db);
    expect(rows).toHaveLength(100);
    for (const { id, state, is_quiesced: isQuiesced } of rows) {
      expect(['SUCCEEDED', 'CANCELED']).toContain(state);
      expect(isQuiesced).toBe(true);
      expect(effects.has(id)).toBe(state === 'SUCCEEDED');
    }
    expect(new Set(rows.map(({ state }) => state)).size).toBe(2);
    const { rows: seats } = await sql`select 1 from seat`.execute(store.db);
    expect(seats).toEqual([]);
  });

  it('D-06 writes the heartbeats of two thousand executions in a few statements', async () => {
    const list = await working(2000);
    let statements = 0;
    const counted = faultyDb(store.db, (when) => {
      if (when === 'before') statements += 1;
    });
    const heartbeats = new Heartbeats(counted, { gatherMs: 50 });
    const answers = await Promise.all(
      list.map(async (execution) => heartbeats.keep({ ...execution, seq: 1, counters, hold_s: 0 }, LEASE_S)),
    );
    expect(answers.every((word) => word?.stop === 'none')).toBe(true);
    expect(statements).toBeLessThanOrEqual(5);
    // An old number extends nothing.
    await crowd.pass(100);
    const [first] = list;
    if (first === undefined) throw new Error('nothing was claimed');
    const before = await run(first.run_id);
    await heartbeats.keep({ ...first, seq: 1, counters, hold_s: 0 }, LEASE_S);
    expect(await run(first.run_id)).toMatchObject({ lease_until: before['lease_until'] });
    heartbeats.close();
  });

  it('tells a stop to a heartbeat that is held open', async () => {
    const [execution] = await working(1);
    if (execution === undefined) throw new Error('nothing was claimed');
    const held = serviceOn().heartbeat({ ...execution, seq: 1, counters, hold_s: 15 }, never);
    await stopRun(store.db, transitions, { runId: execution.run_id, actor: 'user', reason: 'canceled' });
    expect(await held).toMatchObject({ stop: 'soft', stop_reason: 'canceled' });
  });

  const reapersWith = (silence: MassSilence): Reapers =>
    new Reapers({ db: store.db, transitions, actor: 'test', moved: () => undefined, jitter: () => 1, silence });

  it('ends a stop that was left between its two steps', async () => {
    const [attempt] = await admitted(1);
    if (attempt === undefined) throw new Error('nothing was admitted');
    const lossy = faultyDb(store.db, (when, statement) => {
      // The attempt is known to be over; the one who says so of its run is gone.
      if (when === 'after' && statement.includes('is_quiesced = true')) throw new Error('the connection was lost');
    });
    const stop = { runId: attempt.run_id, actor: 'test', reason: 'canceled' } as const;
    await expect(stopRun(lossy, transitions, stop)).rejects.toThrow('the connection was lost');
    expect(await run(attempt.run_id)).toMatchObject({ state: 'STOPPING', is_quiesced: true });
    const reapers = reapersWith(new MassSilence({ leaseS: LEASE_S, hasHeard: true }));
    expect(await reapers.endedStops()).toBe(1);
    expect(await run(attempt.run_id)).toMatchObject({ state: 'CANCELED', is_quiesced: true });
    expect(await reapers.endedStops()).toBe(0);
  });

  it('D-46 gives a lease up a minute after its end, and not before', async () => {
    const [execution] = await working(1, { isIdempotent: true });
    if (execution === undefined) throw new Error('nothing was claimed');
    const reapers = reapersWith(new MassSilence({ leaseS: LEASE_S, hasHeard: true }));
    await crowd.pass(LEASE_S + 59);
    expect(await reapers.leases()).toBe(0);
    await crowd.pass(1);
    expect(await reapers.leases()).toBe(1);
    expect(await run(execution.run_id)).toMatchObject({ state: 'BACKOFF', failure_class: 'NODE_LOST' });
    // Its lease is over: it has fenced itself, and the next attempt may come.
    expect(await reapers.leftLeases()).toBe(1);
  });

  it('D-46 ends what runs too long a minute after its time, and expires what waits too long', async () => {
    await working(1);
    await crowd.create('w', 1, { queueTimeoutS: 100, delayS: 1 });
    const reapers = reapersWith(new MassSilence({ leaseS: LEASE_S, hasHeard: true }));
    await crowd.pass(100);
    expect(await reapers.deadlines()).toBe(0);
    await crowd.pass(1);
    expect(await reapers.deadlines()).toBe(1);
    await crowd.pass(3600 + 59 - 101);
    expect(await reapers.timeouts()).toBe(0);
    await crowd.pass(1);
    expect(await reapers.timeouts()).toBe(1);
    const { rows } = await sql<{ state: string; n: number }>`
      select state, count(*)::int as n from run group by state order by state`.execute(store.db);
    expect(rows).toEqual([
      { state: 'EXPIRED', n: 1 },
      { state: 'STOPPING', n: 1 },
    ]);
  });

  it(
    'D-49 gives nobody up while half of all fall silent at once, and later one a second',
    { timeout: 120_000 },
    async () => {
      const list = await working(100, { isIdempotent: true });
      let ms = 0;
      const silence = new MassSilence({ leaseS: LEASE_S, now: () => ms, hasHeard: true });
      const reapers = reapersWith(silence);
      const heartbeats = new Heartbeats(store.db, { gatherMs: 0 });
      let seq = 0;
      const pass = async (seconds: number): Promise<number> => {
        seq += 1;
        ms += seconds * 1000;
        await crowd.pass(seconds);
        await Promise.all(
          list.slice(0, 50).map(async (e) => heartbeats.keep({ ...e, seq, counters, hold_s: 0 }, LEASE_S)),
        );
        return reapers.leases();
      };
      let reaped = 0;
      for (let passed = 0; passed < 2 * LEASE_S; passed += 60) reaped += await pass(60);
      expect(reaped).toBe(0);
      // The suspension began a little after the silence.
      for (let i = 0; i < 3; i++) await pass(60);
      const perSecond: number[] = [];
      for (let i = 0; i < 60; i++) perSecond.push(await pass(1));
      expect(Math.max(...perSecond)).toBe(1);
      expect(perSecond.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
      heartbeats.close();
    },
  );

  it('gives nobody up by silence before it has been up for a lease itself', async () => {
    await working(1);
    let ms = 0;
    const reapers = reapersWith(new MassSilence({ leaseS: LEASE_S, now: () => ms }));
    await crowd.pass(LEASE_S * 2);
    expect(await reapers.leases()).toBe(0);
    ms = LEASE_S * 1000;
    expect(await reapers.leases()).toBe(1);
  });
});
