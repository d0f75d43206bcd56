/**
 * Control planes in this process, with their loops, on one real database, and runners that are a few lines each: what
 * passes through, and how fast, without the cost of processes. A process of the control plane can be killed or frozen:
 * then nothing of it is heard any more.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { Dispatcher } from '#control/dispatch/dispatcher.ts';
import { MemoryExecutor } from '#control/dispatch/executors/memory.ts';
import type { AttemptSpec, Executor } from '#control/dispatch/executors/executor.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import type { Hints } from '#control/store/hints.ts';
import type { Store } from '#control/store/store.ts';
import { isRopewayError } from '#spi/errors.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { Random } from '#test/sim/random.ts';
import { Witness } from '#test/sim/witness.ts';
import { noCounters, percentile, probeRun } from './crowd.ts';

const INSTALLATION = 'flow';
const LEASE_S = 900;
/** A runner that got no answer asks again. */
const ASK_MS = 20;
/** Runs created by one statement. */
const CREATE_MAX = 500;
const LOOK_MS = 50;

export interface FlowOptions {
  readonly seed: number;
  /** Milliseconds that a run works. */
  readonly lengthMs: (random: Random) => number;
  /** Divides the waits between looks. */
  readonly speed?: number;
  /** Instead of those of the store. */
  readonly hints?: Hints;
}

class Killed extends Error {}

/** One process of the control plane: a dispatcher, and what serves runners. */
export interface PlaneProcess {
  readonly release: string;
  readonly service: RunnerService;
  /** Ends it as a signal does that it hears: what it has begun comes to its end. */
  close(): Promise<void>;
  /** From here on nothing of it arrives any more. */
  kill(): void;
}

export class Flow implements AsyncDisposable {
  readonly #store: Store;
  readonly #options: FlowOptions;
  readonly #random: Random;
  readonly #tokens = new SessionTokens(new KeyRing([new Uint8Array(32)]), INSTALLATION);
  readonly #processes = new Set<PlaneProcess>();
  readonly #gone: Promise<void>[] = [];
  readonly #runIds: string[] = [];
  readonly #runners = new Set<Promise<void>>();
  #failure: unknown;
  #isClosed = false;
  readonly witness: Witness;
  readonly executor: MemoryExecutor;

  constructor(store: Store, options: FlowOptions) {
    this.#store = store;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.witness = new Witness(store.db);
    this.executor = new MemoryExecutor({
      installationId: INSTALLATION,
      started: (spec, ref) => this.#begin(spec, ref),
    });
  }

  get processes(): readonly PlaneProcess[] {
    return [...this.#processes];
  }

  start(release = 'n'): PlaneProcess {
    let isKilled = false;
    const dead = (): void => {
      if (isKilled) throw new Killed('nothing of it is heard any more');
    };
    const db = faultyDb(this.#store.db, dead);
    const store: Store = { ...this.#store, db, hints: this.#options.hints ?? this.#store.hints };
    const heartbeats = new Heartbeats(db, { gatherMs: 0 });
    const dispatcher = new Dispatcher({
      store,
      executor: mortalExecutor(this.executor, dead),
      tokens: this.#tokens,
      installationId: INSTALLATION,
      controlUrl: 'http://flow',
      release,
      log: { warn: () => undefined, error: () => undefined },
      leaseS: LEASE_S,
      speed: this.#options.speed ?? 1,
      hasHeard: true,
    });
    dispatcher.start();
    const end = async (): Promise<void> => {
      this.#processes.delete(made);
      heartbeats.close();
      await dispatcher.close();
    };
    const made: PlaneProcess = {
      release,
      service: this.#service(db, heartbeats),
      close: end,
      kill: () => {
        isKilled = true;
        // Its loops end; whatever they say on the way does not arrive.
        this.#gone.push(end());
      },
    };
    this.#processes.add(made);
    return made;
  }

  /** Created and told of, as by the API; `workspaces` take turns. */
  async create(count: number, workspaces: readonly string[]): Promise<void> {
    for (let made = 0; made < count; made += CREATE_MAX) {
      const length = Math.min(CREATE_MAX, count - made);
      const runs = Array.from({ length }, (_, i) => probeRun(workspaces[(made + i) % workspaces.length] ?? ''));
      for (const { id } of await createRuns(this.#store.db, runs)) this.#runIds.push(id);
      for (const channel of ['arrivals', 'queue']) (this.#options.hints ?? this.#store.hints).tell(channel);
    }
  }

  /** So many runs are not over, or not tidied up. */
  async open(): Promise<number> {
    const { rows } = await sql<{ open: number }>`
      select (select count(*) from run where terminal_at is null)::int
        + (select count(*) from attempt where cleaned_at is null)::int as open`.execute(this.#store.db);
    return rows[0]?.open ?? 0;
  }

  /** Calls `meanwhile` again and again until all is over, then checks all that must hold. */
  async finish(meanwhile: () => Promise<void> = () => wait(LOOK_MS)): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const open = await this.open().catch(() => 1);
      if (open === 0 && this.executor.names.length === 0) break;
      await meanwhile();
    }
    await this.witness.check();
    await this.witness.checkEnd(this.#runIds, this.executor.names);
  }

  /** Milliseconds from creation to the launch's answer, in order. */
  async launchWaits(): Promise<readonly number[]> {
    const { rows } = await sql<{ ms: number }>`
      select extract(epoch from a.submitted_at - r.created_at)::float8 * 1000 as ms
      from run r join attempt a on a.run_id = r.id where a.submitted_at is not null order by ms`.execute(
      this.#store.db,
    );
    return rows.map(({ ms }) => ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#processes].map((each) => each.close()));
    await Promise.allSettled([...this.#gone, ...this.#runners]);
  }

  #service(db: Store['db'], heartbeats: Heartbeats): RunnerService {
    return new RunnerService({
      db,
      transitions: new TransitionWriter(),
      tokens: this.#tokens,
      heartbeats,
      moved: () => undefined,
      leaseS: LEASE_S,
      jitter: () => 1,
    });
  }

  #begin(spec: AttemptSpec, ref: string): void {
    const running = this.#run(spec, ref)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#runners.delete(running));
    this.#runners.add(running);
  }

  /** A runner: claims, works, asks whether it may commit, reports, ends. */
  async #run({ name, runId, attemptNo, fence, bootstrapToken }: AttemptSpec, processUid: string): Promise<void> {
    const lengthMs = this.#options.lengthMs(this.#random);
    const attempt = { run_id: runId, attempt_no: attemptNo, fence };
    const claim = { bootstrap_token: bootstrapToken, process_uid: processUid, claim_nonce: name };
    const about = { protocol: RUNNER_PROTOCOL, runner_version: 'flow' };
    this.executor.begin(name);
    const claimed = await this.#ask(async (service) => service.claim({ ...attempt, ...claim, ...about }));
    if (claimed === undefined) return this.executor.end(name, { exitCode: 86, reason: 'exited' });
    this.witness.handedOut(runId, attemptNo, processUid);
    await wait(lengthMs);
    const execution = { ...attempt, execution_id: claimed.execution_id };
    const permit = await this.#ask(async (service) => service.commit({ ...execution, commit_key: name }));
    if (permit !== undefined) {
      this.witness.committed({ runId, attemptNo, processUid });
      const report = { outcome: 'succeeded', counters: noCounters, committed: true, result: {} } as const;
      await this.#ask(async (service) => service.finish({ ...execution, ...report }));
    }
    this.executor.end(name);
  }

  /** Asks whoever is there until it is answered; undefined when it has no claim, or all is over. */
  async #ask<T>(question: (service: RunnerService) => Promise<T>): Promise<T | undefined> {
    while (!this.#isClosed) {
      const process = this.#random.pick(this.processes);
      try {
        if (process !== undefined) return await question(process.service);
      } catch (error) {
        if (isRopewayError(error)) return undefined;
        // Nobody has answered: the process is gone, or its database.
      }
      await wait(ASK_MS);
    }
    return undefined;
  }
}

/** The same place for all, but not for who is dead. */
function mortalExecutor(inner: MemoryExecutor, dead: () => void): Executor {
  const alive = async <T>(call: () => Promise<T>): Promise<T> => {
    dead();
    const answer = await call();
    dead();
    return answer;
  };
  return {
    kind: inner.kind,
    limits: inner.limits,
    launch: (spec, signal) => alive(async () => inner.launch(spec, signal)),
    get: (name) => alive(async () => inner.get(name)),
    stop: (name, ref, options) => alive(async () => inner.stop(name, ref, options)),
    remove: (name, ref) => alive(async () => inner.remove(name, ref)),
    observe: (changed, signal) => inner.observe(changed, signal),
    async *list() {
      dead();
      yield* inner.list();
    },
    tail: (name, ref, bytesMax) => alive(async () => inner.tail(name, ref, bytesMax)),
  };
}

/** For reports; no test is decided by them. */
export function figures(ms: readonly number[]): string {
  const at = (share: number): string => percentile(ms, share).toFixed(0);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`;
}
