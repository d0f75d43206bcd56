/**
 * D-11, D-52: a dispatcher or a replica of the API loses the database, or dies, at each of its statements in turn:
 * before the statement was sent, and after it was executed and not answered. Whoever comes after it brings the run to
 * its end, with one attempt, one object and one effect.
 */
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { Dispatcher } from '#control/dispatch/dispatcher.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { Random } from '#test/sim/random.ts';
import { SimExecutor } from '#test/sim/sim-executor.ts';
import { Witness } from '#test/sim/witness.ts';
import { Crowd, probeRun } from './crowd.ts';

const INSTALLATION = 'test';
const tokens = new SessionTokens(new KeyRing([new Uint8Array(32)]), INSTALLATION);
const counters = {
  records_read: 1,
  records_written: 1,
  records_rejected: 0,
  bytes_read: 0,
  bytes_written: 0,
  tasks_done: 0,
};

class Crash extends Error {}

/** From here on nothing of that process is heard any more. */
interface Fuse {
  /** Statements until it blows; Infinity never. */
  left: number;
  readonly when: 'before' | 'after';
  isBlown: boolean;
}

function behind(store: ControlStore, fuse: Fuse): Store {
  const db = faultyDb(store.db, (at) => {
    if (fuse.isBlown) throw new Crash();
    if (at !== fuse.when) return;
    fuse.left -= 1;
    if (fuse.left > 0) return;
    fuse.isBlown = true;
    throw new Crash();
  });
  return { ...store, db };
}

function dispatcherOn(store: Store, executor: SimExecutor): Dispatcher {
  const log = { warn: () => undefined, error: () => undefined };
  const parts = { store, executor, tokens, log, installationId: INSTALLATION, controlUrl: 'http://test' };
  return new Dispatcher({ ...parts, release: 'test', leaseS: 900, jitter: () => 1, hasHeard: true });
}

async function survive(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
}

/** What one dispatcher does for a run: everything that it can find to do. */
async function dispatch(dispatcher: Dispatcher): Promise<void> {
  await survive(dispatcher.reap());
  await survive(dispatcher.consume());
  await survive(dispatcher.admit());
  await survive(dispatcher.launch());
  await dispatcher.settle();
  await survive(dispatcher.compare());
  await dispatcher.settle();
}

function serviceOn(store: Store): RunnerService {
  return new RunnerService({
    db: store.db,
    transitions: new TransitionWriter(),
    tokens,
    heartbeats: new Heartbeats(store.db, { gatherMs: 0 }),
    moved: () => undefined,
    leaseS: 900,
    jitter: () => 1,
  });
}

/** Asks until it is answered, as a runner does. */
async function ask<T>(
  services: readonly RunnerService[],
  question: (service: RunnerService) => Promise<T>,
): Promise<T> {
  for (const service of services) {
    try {
      return await question(service);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  throw new Error('nobody answers');
}

async function work(executor: SimExecutor, witness: Witness, services: readonly RunnerService[]): Promise<void> {
  for (const object of executor.objects.values()) {
    if (object.phase !== 'pending') continue;
    object.phase = 'running';
    const { runId, attemptNo, fence } = object.spec;
    const claim = {
      run_id: runId,
      attempt_no: attemptNo,
      fence,
      bootstrap_token: tokens.bootstrap({ runId, attemptNo, fence }),
      process_uid: object.processUid,
      claim_nonce: 'n',
      protocol: RUNNER_PROTOCOL,
      runner_version: 'test',
    };
    const { execution_id } = await ask(services, async (service) => service.claim(claim));
    witness.handedOut(runId, attemptNo, object.processUid);
    const execution = { run_id: runId, attempt_no: attemptNo, fence, execution_id };
    await ask(services, async (service) => service.commit({ ...execution, commit_key: 'k' }));
    witness.committed({ runId, attemptNo, processUid: object.processUid });
    const report = { ...execution, outcome: 'succeeded', counters, committed: true, result: {} } as const;
    await ask(services, async (service) => service.finish(report));
    object.phase = 'ended';
    object.exitCode = 0;
  }
}

async function isOver(store: ControlStore): Promise<boolean> {
  const { rows } = await sql<{ is_over: boolean }>`
    select not exists (select from run where terminal_at is null)
      and not exists (select from attempt where cleaned_at is null) as is_over`.execute(store.db);
  return rows[0]?.is_over === true;
}

/** One run from its creation to its end. */
async function oneRun(store: ControlStore, fuse: Fuse, fused: 'dispatcher' | 'api'): Promise<void> {
  const faults = { refused: 0, ambiguous: 0, throttled: 0, unreachable: 0 };
  const executor = new SimExecutor(new Random(1), faults);
  const witness = new Witness(store.db);
  const fragile = behind(store, fuse);
  const [run] = await createRuns(store.db, [probeRun('w')]);
  const first = dispatcherOn(fused === 'dispatcher' ? fragile : store, executor);
  const second = dispatcherOn(store, executor);
  const services = [serviceOn(fused === 'api' ? fragile : store), serviceOn(store)];
  for (let round = 0; round < 6; round++) {
    await dispatch(first);
    await work(executor, witness, services);
    await dispatch(first);
    await witness.check();
    // A launch that was begun and not ended is taken over once its lease is over.
    await store.advance(61);
    await dispatch(second);
    await work(executor, witness, services);
    await dispatch(second);
    if (await isOver(store)) break;
  }
  await witness.check();
  await witness.checkEnd([run?.id ?? ''], [...executor.objects.keys()]);
  expect(witness.effects).toHaveLength(1);
  expect(executor.all).toHaveLength(1);
  const { rows } = await sql<{ state: string; attempts: number }>`
    select state, attempt_no as attempts from run where id = ${run?.id ?? ''}`.execute(store.db);
  expect(rows).toEqual([{ state: 'SUCCEEDED', attempts: 1 }]);
  await sql`delete from run`.execute(store.db);
}

describe.skipIf(postgresMissing !== '')(`a crash at each statement${postgresMissing}`, () => {
  it.each([
    ['D-11 of the dispatcher', 'dispatcher', 'before', 10],
    ['D-11 of the dispatcher', 'dispatcher', 'after', 10],
    ['D-52 of the API', 'api', 'before', 2],
    ['D-52 of the API', 'api', 'after', 2],
  ] as const)('%s (%s), %s it is executed', { timeout: 240_000 }, async (_title, fused, when, least) => {
    await using store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    await new Crowd(store).workspace('w');
    let statements = 0;
    for (; statements < 200; statements++) {
      const fuse: Fuse = { left: statements + 1, when, isBlown: false };
      await oneRun(store, fuse, fused);
      // It was never reached: there are no further statements.
      if (!fuse.isBlown) break;
    }
    expect(statements).toBeGreaterThan(least);
    expect(statements).toBeLessThan(200);
  });
});
