/**
 * Runs pass through dispatchers, runners and an executor that all fail as a seed says: crashes between any two
 * statements, lost answers, processes that die, hang or come twice, stops at any moment, hours that pass at once. One
 * step at a time, on a real database whose clock the simulation sets, so that a seed repeats the same history.
 */
import { sql } from 'kysely';
import type { WorkOrder } from '#api/runner.ts';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { Dispatcher } from '#control/dispatch/dispatcher.ts';
import { createRuns } from '#control/runs/create-run.ts';
import type { RunToCreate } from '#control/runs/create-run.ts';
import { scopesOf } from '#control/runs/freeze-work.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { stopRun } from '#control/runs/stop-run.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import type { Store } from '#control/store/store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { Random } from './random.ts';
import { SimExecutor } from './sim-executor.ts';
import type { SimObject } from './sim-executor.ts';
import { SimRunner } from './sim-runner.ts';
import { Witness } from './witness.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly runs: number;
  readonly steps: number;
  readonly dispatchers?: number;
  readonly transitions?: TransitionWriter;
  /** Called after each step. */
  readonly each?: (step: number) => Promise<void>;
}

const INSTALLATION = 'sim';
const LEASE_S = 900;
/** Steps of the peaceful end, after which everything must be over. */
const PEACE_STEPS_MAX = 400;
/** Steps from one look at the invariants to the next: the database itself looks at each commit (`commit-watch.ts`). */
const CHECK_STEPS = 25;

class Crash extends Error {}

/** One dispatcher process: when it crashes, nothing that it has begun goes on. */
interface Process {
  readonly dispatcher: Dispatcher;
  isDead: boolean;
}

export class Simulation {
  readonly #store: ControlStore;
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #executor: SimExecutor;
  readonly #transitions: TransitionWriter;
  readonly #tokens = new SessionTokens(new KeyRing([new Uint8Array(32)]), INSTALLATION);
  readonly #processes: Process[] = [];
  readonly #runners: SimRunner[] = [];
  readonly #served = new Set<SimObject>();
  readonly witness: Witness;
  /** Seconds since the beginning. */
  now = 0;
  readonly #runIds: string[] = [];
  #faults = 0.01;
  #keys = 0;

  constructor(store: ControlStore, options: SimulationOptions) {
    this.#store = store;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#executor = new SimExecutor(this.#random, {
      refused: 0.01,
      ambiguous: 0.1,
      throttled: 0.05,
      unreachable: 0.03,
    });
    this.#transitions = options.transitions ?? new TransitionWriter();
    this.witness = new Witness(store.db);
  }

  /** Throws the first violation, with the history of its run. */
  async run(): Promise<void> {
    await this.#prepare();
    for (let i = 0; i < (this.#options.dispatchers ?? 2); i++) this.#processes.push(this.#process());
    for (let step = 1; step <= this.#options.steps; step++) {
      await this.#step();
      if (step % CHECK_STEPS === 0) await this.witness.check();
      await this.#options.each?.(step);
    }
    await this.#peace();
    await this.witness.checkEnd(this.#runIds, [...this.#executor.objects.keys()]);
  }

  async #prepare(): Promise<void> {
    const { db } = this.#store;
    // What other seeds left. Emptying a database takes a tenth of what a new one does.
    await sql`truncate workspace, seat_limit, queue_message, dispatcher cascade`.execute(db);
    await this.#store.setClock('2026-01-01T00:00:00.000000Z');
    await sql`insert into workspace (id, name, weight, guaranteed_seats) values
      ('w1', 'one', 1, 0), ('w2', 'two', 3, 1), ('w3', 'three', 1, 0)`.execute(db);
    await sql`insert into seat_limit (scope_kind, scope_id, seats, label) values
      ('installation', 'all', 6, 'installation'), ('workspace', 'w1', 4, 'workspace one'),
      ('account', 'w1/a', 1, 'account a'), ('lane', 'interactive', 2, 'interactive')`.execute(db);
  }

  #process(): Process {
    const hook = (): void => {
      if (process.isDead) throw new Crash('the dispatcher is dead');
      if (!this.#random.chance(this.#faults)) return;
      // Half of the faults are a lost connection, half the end of the process.
      if (this.#random.chance(0.5)) process.isDead = true;
      throw new Crash('the connection to the database was lost');
    };
    const { hints } = this.#store;
    const store: Store = { ...this.#store, db: faultyDb(this.#store.db, hook), hints };
    const process: Process = {
      isDead: false,
      dispatcher: new Dispatcher({
        store,
        executor: this.#executor,
        tokens: this.#tokens,
        installationId: INSTALLATION,
        controlUrl: 'http://sim',
        release: 'sim',
        log: { warn: () => {}, error: () => {} },
        leaseS: LEASE_S,
        jitter: () => 0.8 + this.#random.next() * 0.4,
        transitions: this.#transitions,
        hasHeard: true,
      }),
    };
    return process;
  }

  async #step(): Promise<void> {
    const action = this.#random.weighted({
      create: 3,
      admit: 8,
      launch: 8,
      look: 14,
      reap: 5,
      runner: 30,
      begin: 10,
      stop: 2,
      time: 6,
      restart: 2,
      limits: 1,
    });
    switch (action) {
      case 'create':
        return this.#create();
      case 'admit':
        return this.#dispatch(async (dispatcher) => void (await dispatcher.admit()));
      case 'launch':
        return this.#dispatch(async (dispatcher) => {
          await dispatcher.launch();
          await dispatcher.settle();
        });
      case 'look':
        return this.#look();
      case 'reap':
        return this.#dispatch(async (dispatcher) => void (await dispatcher.reap()));
      case 'runner':
        return this.#random.pick(this.#runners.filter(({ isOver }) => !isOver))?.step();
      case 'begin':
        return this.#begin();
      case 'stop':
        return this.#stopOne();
      case 'time':
        return this.#pass(this.#random.pick([1, 5, 20, 90, 400, 1000]) ?? 1);
      case 'restart':
        return this.#restart();
      case 'limits':
        await sql`update seat_limit set seats = ${1 + this.#random.below(8)} where scope_kind = 'installation'`.execute(
          this.#store.db,
        );
    }
  }

  async #create(): Promise<void> {
    if (this.#runIds.length >= this.#options.runs) return;
    const isIdempotent = this.#random.chance(0.5);
    const work: WorkOrder = {
      kind: 'probe',
      config: {},
      connections: {},
      variables: {},
      arguments: {},
      transaction_time: '2026-01-01T00:00:00Z',
      run_timeout_s: this.#random.pick([60, 3600, 43_200]) ?? 60,
      memory_mb: 512,
      cpu_millis: 500,
      commit_mode: this.#random.chance(0.8) ? 'permit' : 'continuous',
      workspace_id: 'w1',
    };
    const workspaceId = this.#random.pick(['w1', 'w2', 'w3']) ?? 'w1';
    const lane = this.#random.chance(0.1) ? 'interactive' : 'batch';
    const connections = this.#random.chance(0.3) ? [{ accountKey: 'a' }] : [];
    const run: RunToCreate = {
      workspaceId,
      lane,
      scopes: scopesOf({ workspaceId, groupId: null, definitionId: null, lane, connections }),
      work,
      trigger: 'api',
      createdBy: 'sim',
      idempotencyKey: `key-${this.#keys}`,
      priority: this.#random.below(10),
      isIdempotent,
      jobRetriesMax: this.#random.below(3),
      hasExclusiveSource: false,
    };
    const [created] = await createRuns(this.#store.db, [run]);
    // The same request again, as a client would that did not hear the answer.
    const [again] = await createRuns(this.#store.db, [run]);
    if (created === undefined || again?.id !== created.id || again.isNew) throw new Error('a key gave two runs');
    this.#keys += 1;
    this.#runIds.push(created.id);
  }

  async #dispatch(work: (dispatcher: Dispatcher) => Promise<void>): Promise<void> {
    const process = this.#random.pick(this.#processes.filter(({ isDead }) => !isDead));
    if (process === undefined) return;
    await work(process.dispatcher).catch((error: unknown) => {
      if (!(error instanceof Crash) && !(error instanceof Error && error.message.startsWith('the executor')))
        throw error;
    });
  }

  async #look(): Promise<void> {
    const names = [...this.#executor.objects.keys()];
    await this.#dispatch(async (dispatcher) => {
      const name = this.#random.pick(names);
      if (name !== undefined && this.#random.chance(0.7)) dispatcher.lookAt(name);
      else await dispatcher.compare();
      await dispatcher.settle();
    });
  }

  /** A pending object starts its process; rarely twice. */
  async #begin(): Promise<void> {
    const object = this.#random.pick([...this.#executor.objects.values()].filter(({ phase }) => phase !== 'ended'));
    if (object === undefined) return;
    if (this.#served.has(object) && !this.#random.chance(0.05)) return;
    const isFirst = !this.#served.has(object);
    this.#served.add(object);
    object.phase = 'running';
    this.#runners.push(
      new SimRunner({
        object,
        isFirst,
        random: this.#random,
        service: this.#service(),
        now: () => this.now,
        witness: this.witness,
        protocol: RUNNER_PROTOCOL,
        token: this.#tokens.bootstrap({
          runId: object.spec.runId,
          attemptNo: object.spec.attemptNo,
          fence: object.spec.fence,
        }),
      }),
    );
  }

  #service(): RunnerService {
    return new RunnerService({
      db: this.#store.db,
      transitions: this.#transitions,
      tokens: this.#tokens,
      heartbeats: new Heartbeats(this.#store.db, { gatherMs: 0 }),
      moved: () => {},
      leaseS: LEASE_S,
      jitter: () => 1,
    });
  }

  async #stopOne(): Promise<void> {
    const id = this.#random.pick(this.#runIds);
    if (id === undefined) return;
    const reason = this.#random.pick(['canceled', 'superseded'] as const) ?? 'canceled';
    await stopRun(this.#store.db, this.#transitions, {
      runId: id,
      actor: 'sim',
      reason,
      isForced: this.#random.chance(0.1),
    });
  }

  async #pass(seconds: number): Promise<void> {
    this.now += seconds;
    await this.#store.advance(seconds);
  }

  async #restart(): Promise<void> {
    for (const [index, process] of this.#processes.entries()) {
      if (process.isDead) this.#processes[index] = this.#process();
    }
  }

  /** No more faults: everything must come to its end. */
  async #peace(): Promise<void> {
    this.#faults = 0;
    this.#executor.heal();
    await this.#restart();
    await sql`update seat_limit set seats = 6 where scope_kind = 'installation'`.execute(this.#store.db);
    for (let step = 0; step < PEACE_STEPS_MAX; step++) {
      await this.#dispatch(async (dispatcher) => {
        await dispatcher.reap();
        await dispatcher.admit();
        await dispatcher.launch();
        await dispatcher.settle();
        await dispatcher.compare();
        await dispatcher.settle();
      });
      for (const object of this.#executor.objects.values()) {
        if (object.phase === 'pending' || !this.#served.has(object)) await this.#begin();
      }
      for (const runner of this.#runners) {
        runner.isPeaceful = true;
        if (!runner.isOver) await runner.step();
      }
      await this.#pass(30);
      await this.witness.check();
      if (await this.#isOver()) return;
    }
  }

  async #isOver(): Promise<boolean> {
    const { rows } = await sql<{ n: number }>`
      select (select count(*) from run where terminal_at is null) +
        (select count(*) from attempt where cleaned_at is null) as n`.execute(this.#store.db);
    return Number(rows[0]?.n) === 0 && this.#executor.objects.size === 0;
  }
}
