/**
 * What this process counts, for Prometheus: its own moves of runs and its own launches, so that the sum over processes
 * is the whole. What the database knows is read when it is asked for; see `store-figures.ts`.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { ToldMove } from '#control/runs/transition-writer.ts';
import type { TransitionName } from '#control/runs/transitions.ts';
import { WorkspaceLabels } from './workspace-labels.ts';

/** Seconds, from a launch on an idle machine to a day in the queue. */
const secondsBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43_200, 86_400];
const launchBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** These end an attempt, each as the class of its failure, or well. */
const endings: readonly TransitionName[] = ['T5', 'T6', 'T6lease', 'T7', 'T9report'];

export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #workspaces = new WorkspaceLabels();
  readonly #moves = this.#counter('transitions_total', 'Moves of runs, by transition and the state that they led to.', [
    'transition',
    'to',
  ]);
  readonly #stays = this.#seconds('state_seconds', 'Time that runs were in a state, when they left it.', ['state']);
  readonly #queueWait = this.#seconds(
    'queue_wait_seconds',
    'Time from when a run might go until it went, by workspace and lane.',
    ['workspace', 'lane'],
  );
  readonly #claims = this.#seconds(
    'claim_seconds',
    'Time from when an attempt was launched until its runner claimed it.',
  );
  readonly #attempts = this.#counter('attempts_total', 'Attempts that ended, by the class of their failure.', [
    'class',
  ]);
  readonly #reaped = this.#counter(
    'leases_reaped_total',
    'Executions that were given up because nothing was heard of them.',
  );
  readonly #launches = this.#counter('launches_total', 'Launches, by how the executor answered.', ['outcome']);
  readonly #launchSeconds = this.#seconds(
    'launch_seconds',
    'Time that the executor took to answer a launch.',
    [],
    launchBuckets,
  );
  readonly #notices = this.#counter('notices_total', 'Tries to send a notice, by what became of them.', ['outcome']);
  readonly #orphans = this.gauge(
    'orphans',
    'Objects of this installation that belong to no attempt, at the last sweep.',
  );
  #orphanSweeps = 0;

  constructor({ version }: { readonly version: string }) {
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    this.gauge('build_info', 'The release of this process.', ['version']).set({ version }, 1);
  }

  moved(name: TransitionName, run: ToldMove): void {
    if (run.state === run.state_before) return;
    this.#moves.inc({ transition: name, to: run.state });
    if (run.stay_s !== null) this.#stays.observe({ state: run.state_before }, Math.max(0, run.stay_s));
    if (name === 'T4' && run.stay_s !== null) this.#claims.observe(Math.max(0, run.stay_s));
    if (name === 'T6lease') this.#reaped.inc();
    if (!endings.includes(name)) return;
    this.#attempts.inc({ class: run.state === 'SUCCEEDED' ? 'none' : (run.failure_class ?? 'none') });
  }

  admitted({ workspaceId, lane, waitedS }: { workspaceId: string; lane: string; waitedS: number }): void {
    this.#moves.inc({ transition: 'T2', to: 'DISPATCHING' });
    this.#stays.observe({ state: 'QUEUED' }, Math.max(0, waitedS));
    this.#queueWait.observe({ workspace: this.#workspaces.label(workspaceId), lane }, Math.max(0, waitedS));
  }

  launched(outcome: string, ms: number): void {
    this.#launches.inc({ outcome });
    this.#launchSeconds.observe(ms / 1000);
  }

  noticeSent(outcome: string): void {
    this.#notices.inc({ outcome });
  }

  swept(orphans: number): void {
    this.#orphans.set(orphans);
    this.#orphanSweeps = orphans === 0 ? 0 : this.#orphanSweeps + 1;
  }

  /** Sweeps in a row that have found orphans. */
  get orphanSweeps(): number {
    return this.#orphanSweeps;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** A figure that is set at each scrape. */
  gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ ...this.#described(name, help), labelNames: [...labelNames] });
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ ...this.#described(name, help), labelNames: [...labelNames] });
  }

  #seconds(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    buckets: readonly number[] = secondsBuckets,
  ): Histogram {
    return new Histogram({ ...this.#described(name, help), labelNames: [...labelNames], buckets: [...buckets] });
  }

  #described(name: string, help: string): { name: string; help: string; registers: [Registry] } {
    return { name: `ropeway_${name}`, help, registers: [this.#registry] };
  }
}
