/**
 * One dispatcher: lets runs go, launches them, observes them, and does what time asks for. Any number of them may run
 * side by side on one database; none is the leader. Loops are woken by hints and look by themselves when none comes.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { consume } from '#control/queue/consumer.ts';
import { PostgresQueue } from '#control/queue/postgres-queue.ts';
import type { QueueDriver } from '#control/queue/queue-driver.ts';
import type { Metrics } from '#control/metrics/metrics.ts';
import type { SessionTokens } from '#control/runs/session-tokens.ts';
import { runChannel } from '#control/runs/run-wake.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { admissionTick } from './admission.ts';
import type { ReadyRun } from './admission.ts';
import { noPressure } from './backpressure.ts';
import type { AttemptCounts, Backpressure, LaunchOutcome } from './backpressure.ts';
import type { Clock } from './clock.ts';
import type { AttemptManifest, Executor, Observed } from './executors/executor.ts';
import { Launcher } from './launcher.ts';
import { MassSilence } from './mass-silence.ts';
import { Observer } from './observer.ts';
import { Reapers } from './reapers.ts';
import { repeat } from './repeat.ts';
import { Sweeper } from './sweeper.ts';
import { WorkSet } from './work-set.ts';

/** How often each loop looks by itself, in milliseconds. */
const ADMISSION_MS = 1000;
const LAUNCH_MS = 1000;
const REAP_MS = 1000;
/** Launches have so long to end when the dispatcher stops. */
const STOP_MS_MAX = 20_000;
/** The full compare of rows and objects. */
const COMPARE_MS = 30_000;
/** Attempts that are looked at side by side, and that may wait for it. */
const LOOKS_MAX = 16;
const LOOKS_WAITING_MAX = 100_000;

export interface DispatcherLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface DispatcherParts {
  readonly store: Store;
  readonly executor: Executor;
  readonly tokens: SessionTokens;
  readonly installationId: string;
  /** Where runners find the control plane. */
  readonly controlUrl: string;
  readonly release: string;
  readonly log: DispatcherLog;
  readonly leaseS: number;
  readonly graceS?: number;
  /** Divides all waits; for tests with real processes. */
  readonly speed?: number;
  /** Of retries: between 0.8 and 1.2. */
  readonly jitter?: () => number;
  readonly transitions?: TransitionWriter;
  /** The table of the store, unless another is given. */
  readonly queue?: QueueDriver;
  readonly metrics?: Pick<Metrics, 'admitted' | 'launched' | 'swept'>;
  /** What the executor can bear now. */
  readonly pressure?: Backpressure;
  /** Of its waits. */
  readonly clock?: Clock;
  /** A dispatcher before this one was heard of a moment ago. */
  readonly hasHeard?: boolean;
}

export class Dispatcher {
  readonly id: string = `dispatcher-${newId()}`;
  readonly #parts: DispatcherParts;
  readonly #pressure: Backpressure;
  readonly #launcher: Launcher;
  readonly #observer: Observer;
  readonly #reapers: Reapers;
  readonly #looks: WorkSet;
  readonly #sweeper: Sweeper;
  #isSweepStopped = false;
  readonly #stop = new AbortController();
  /** Of the launches that are on their way. */
  readonly #cut = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    const { store, executor, tokens, installationId, jitter = spread, speed = 1 } = parts;
    const transitions = parts.transitions ?? new TransitionWriter();
    const moved = (runId: string): void => this.#moved(runId);
    const common = { db: store.db, transitions, executor, moved, jitter, installationId, actor: this.id };
    const pressure = (this.#pressure = parts.pressure ?? noPressure);
    const outcome = (kind: LaunchOutcome, ms: number): void => {
      pressure.outcome(kind, ms);
      parts.metrics?.launched(kind, ms);
    };
    this.#launcher = new Launcher({ ...common, tokens, dispatcherId: this.id, pressure, outcome });
    this.#observer = new Observer({ ...common, speed });
    const silence = new MassSilence({ leaseS: parts.leaseS, hasHeard: parts.hasHeard ?? false });
    this.#reapers = new Reapers({ ...common, silence, marginS: 60 / speed });
    this.#sweeper = new Sweeper(common);
    this.#looks = new WorkSet(async (name) => this.#observer.look(name), {
      parallel: LOOKS_MAX,
      waitingMax: LOOKS_WAITING_MAX,
      failed: (name, error) => this.#complain('An attempt could not be looked at.', error, { attempt: name }),
    });
  }

  start(): void {
    const { store, executor, clock, speed = 1 } = this.#parts;
    const { signal } = this.#stop;
    const failed = (message: string) => (error: unknown) => this.#complain(message, error);
    const loop = (channel: string | undefined, ms: number, message: string, work: () => Promise<boolean>) =>
      repeat({
        work,
        waitMs: ms / speed,
        signal,
        failed: failed(message),
        ...(clock === undefined ? {} : { clock }),
        ...(channel === undefined ? {} : { listen: (heard) => store.hints.listen(channel, heard) }),
      });
    this.#loops = Promise.all([
      loop('arrivals', ADMISSION_MS, 'The queue could not be read.', () => this.consume()),
      loop('queue', ADMISSION_MS, 'Runs could not be let go.', () => this.admit()),
      loop('launch', LAUNCH_MS, 'Attempts could not be launched.', () => this.launch()),
      loop(undefined, REAP_MS, 'Overdue runs could not be looked after.', () => this.reap()),
      loop(undefined, COMPARE_MS, 'The executor could not be compared with the rows.', () => this.compare()),
      loop('stop', ADMISSION_MS, 'Runs that are to stop could not be found.', () => this.lookAtStopping()),
      executor.observe((name) => this.#looks.add(name), signal),
    ]);
  }

  /** Takes what the queue brings; true when there may be more at once. */
  async consume(): Promise<boolean> {
    const { store, queue = new PostgresQueue(store.db) } = this.#parts;
    return consume({ db: store.db, queue, arrived: () => store.hints.tell('queue') });
  }

  /** Lets runs go; true when more may go at once. */
  async admit(): Promise<boolean> {
    const { store } = this.#parts;
    const planned: ReadyRun[] = [];
    const plan = (run: ReadyRun) => {
      planned.push(run);
      return this.#plan(run);
    };
    const capacity = await this.#pressure.capacity(() => this.#counts());
    const { admitted, hasMore } = await admissionTick(store.db, { actor: this.id, capacity, plan });
    if (admitted > 0) store.hints.tell('launch');
    for (const { workspace_id: workspaceId, lane, waited_s: waitedS } of planned) {
      this.#parts.metrics?.admitted({ workspaceId, lane, waitedS });
    }
    return hasMore;
  }

  /** Launches what was let go; true when there may be more at once. */
  async launch(): Promise<boolean> {
    const taken = await this.#launcher.tick(this.#cut.signal);
    if (taken === 0) return false;
    await this.#launcher.next();
    return true;
  }

  async reap(): Promise<boolean> {
    const moves = await this.#reapers.tick();
    if (moves > 0) this.#parts.store.hints.tell('queue');
    return false;
  }

  /** Every attempt that is not cleaned, and every object that is there, is looked at once. */
  async compare(): Promise<boolean> {
    const { store, executor } = this.#parts;
    const { rows } = await sql<{ name: string }>`
      select name from attempt where cleaned_at is null and executor = ${executor.kind}
        and phase <> 'PLANNED'`.execute(store.db);
    for (const { name } of rows) this.#looks.add(name);
    const there: Observed[] = [];
    for await (const observed of executor.list()) there.push(observed);
    for (const { name } of there) this.#looks.add(name);
    await this.#sweep(there);
    return false;
  }

  /** Stops that the runner does not obey in time are enforced. */
  async lookAtStopping(): Promise<boolean> {
    const { rows } = await sql<{ name: string }>`
      select a.name from run r join attempt a on a.run_id = r.id and a.no = r.attempt_no
      where r.state = 'STOPPING' and not r.is_quiesced limit 1000`.execute(this.#parts.store.db);
    for (const { name } of rows) this.#looks.add(name);
    return false;
  }

  /** A hint: something may have become of this attempt. */
  lookAt(name: string): void {
    this.#looks.add(name);
  }

  /** Everything that was told so far has been looked at. For tests, which do not wait for time. */
  async settle(): Promise<void> {
    await this.#launcher.idle();
    await this.#looks.idle();
  }

  /** Takes nothing more, and ends what it has begun. */
  async close(): Promise<void> {
    this.#stop.abort();
    // A launch that is cut off is one that somebody else finds out about a minute later.
    const cut = setTimeout(() => this.#cut.abort(), STOP_MS_MAX);
    await this.#loops.catch(() => undefined);
    await this.#launcher.idle();
    await this.#looks.close();
    clearTimeout(cut);
  }

  async #sweep(there: readonly Observed[]): Promise<void> {
    const { metrics, log } = this.#parts;
    const sweep = await this.#sweeper.sweep(there);
    metrics?.swept(sweep);
    if (sweep.isStopped && !this.#isSweepStopped) {
      log.error('The executor has much that no attempt explains: nothing of it is taken away. Is this its database?', {
        objects: sweep.orphans,
      });
    }
    this.#isSweepStopped = sweep.isStopped;
  }

  async #counts(): Promise<AttemptCounts> {
    const { store, executor } = this.#parts;
    const { rows } = await sql<AttemptCounts>`
      select (count(*) filter (where phase = 'PLANNED'))::int as planned, count(*)::int as live
      from attempt where quiesced_at is null and executor = ${executor.kind}`.execute(store.db);
    return rows[0] ?? { planned: 0, live: 0 };
  }

  #plan({
    id,
    workspace_id: workspaceId,
    lane,
    cpu_millis: cpuMillis,
    memory_mb: memoryMb,
    run_timeout_s: timeout,
  }: ReadyRun) {
    const { executor, controlUrl, release, graceS = 60 } = this.#parts;
    const manifest: AttemptManifest = {
      controlUrl,
      protocol: RUNNER_PROTOCOL,
      release,
      cpuMillis,
      memoryMb,
      runTimeoutS: timeout,
      graceS,
      lane,
      workspaceHash: createHash('sha256').update(workspaceId).digest('hex').slice(0, 16),
    };
    const specHash = createHash('sha256')
      .update(JSON.stringify([id, manifest]))
      .digest('hex');
    return { executor: executor.kind, manifest, specHash };
  }

  #moved(runId: string): void {
    const { hints } = this.#parts.store;
    hints.tell(runChannel(runId));
    hints.tell('queue');
  }

  #complain(message: string, error: unknown, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#stop.signal.aborted) return;
    this.#parts.log.error(message, { ...fields, reason: error instanceof Error ? error.message : String(error) });
  }
}

function spread(): number {
  return 0.8 + Math.random() * 0.4;
}
