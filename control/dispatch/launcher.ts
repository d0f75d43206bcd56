/**
 * Brings planned attempts to their executor. Any dispatcher may: a delivery lease keeps two from doing the same work at
 * once, and the attempt's name makes it harmless when they do.
 */
import { sql } from 'kysely';
import type { SessionTokens } from '#control/runs/session-tokens.ts';
import { launchRefused, launchTimeout, nameClash, nameGone } from '#control/runs/failure-classes.ts';
import type { Db, TransitionWriter } from '#control/runs/transition-writer.ts';
import type { Failure } from '#control/runs/transitions.ts';
import { noPressure } from './backpressure.ts';
import type { Backpressure, LaunchOutcome } from './backpressure.ts';
import { LaunchError } from './executors/executor.ts';
import type { AttemptManifest, Executor } from './executors/executor.ts';

/** Seconds that one dispatcher has for one launch before another takes it over. */
const DELIVERY_LEASE_S = 60;
/** Launches at once. */
const LAUNCHES_MAX = 16;
/** Seconds between tries of a launch that may have succeeded: the first, and the most. */
const AMBIGUOUS_FIRST_S = 0.5;
const AMBIGUOUS_MAX_S = 15;
/** Seconds until what was refused for lack of room is tried again. */
const THROTTLED_S = 30;
/** Seconds until a launch is given up. */
const LAUNCH_TIMEOUT_S = 1800;

export interface LauncherParts {
  readonly db: Db;
  readonly transitions: TransitionWriter;
  readonly executor: Executor;
  readonly tokens: SessionTokens;
  readonly installationId: string;
  readonly dispatcherId: string;
  readonly moved: (runId: string) => void;
  readonly jitter: () => number;
  /** Told how a launch went: the rate of launches and the breaker listen. */
  readonly outcome?: (kind: LaunchOutcome, ms: number) => void;
  /** How many may go now. */
  readonly pressure?: Pick<Backpressure, 'launches' | 'take'>;
  readonly launchesMax?: number;
}

interface Delivery {
  readonly run_id: string;
  readonly no: number;
  readonly fence: string;
  readonly name: string;
  readonly spec_hash: string;
  readonly manifest: AttemptManifest;
  /** Seconds since the attempt was planned. */
  readonly age_s: number;
  readonly tries: number;
}

export class Launcher {
  readonly #parts: LauncherParts;
  readonly #flying = new Set<Promise<void>>();

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /** Takes what is waiting, as far as there is room for it; returns how many were taken. */
  async tick(signal: AbortSignal): Promise<number> {
    const { launchesMax = LAUNCHES_MAX, pressure = noPressure } = this.#parts;
    const room = Math.min(launchesMax - this.#flying.size, pressure.launches);
    if (room <= 0 || signal.aborted) return 0;
    const deliveries = await this.#take(room);
    pressure.take(deliveries.length);
    for (const delivery of deliveries) {
      const launch = this.#deliver(delivery, signal).finally(() => this.#flying.delete(launch));
      this.#flying.add(launch);
    }
    return deliveries.length;
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#flying.size > 0) await Promise.allSettled(this.#flying);
  }

  get flying(): number {
    return this.#flying.size;
  }

  /** Resolves when one of the launches on their way has ended. */
  async next(): Promise<void> {
    if (this.#flying.size > 0) await Promise.race(this.#flying);
  }

  async #take(room: number): Promise<readonly Delivery[]> {
    const { db, executor, dispatcherId } = this.#parts;
    const { rows } = await sql<Delivery>`
      update attempt set delivery_owner = ${dispatcherId},
        delivery_until = dispatch.now() + ${DELIVERY_LEASE_S} * interval '1 second',
        delivery_tries = attempt.delivery_tries + 1
      from (
        select run_id, no from attempt
        where phase = 'PLANNED' and executor = ${executor.kind} and quiesced_at is null
          and (delivery_until is null or delivery_until <= dispatch.now())
        order by delivery_until nulls first, created_at limit ${room} for update skip locked) free
      where attempt.run_id = free.run_id and attempt.no = free.no
      returning attempt.run_id, attempt.no, attempt.fence::text, attempt.name, attempt.spec_hash, attempt.manifest,
        extract(epoch from dispatch.now() - attempt.created_at)::float8 as age_s,
        attempt.delivery_tries as tries`.execute(db);
    return rows;
  }

  async #deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { executor, installationId, tokens, outcome } = this.#parts;
    const { run_id: runId, no, fence, name, spec_hash: specHash, manifest } = delivery;
    const startedAt = performance.now();
    try {
      const bootstrapToken = tokens.bootstrap({ runId, attemptNo: no, fence });
      const spec = { name, installationId, runId, attemptNo: no, fence, specHash, manifest, bootstrapToken };
      const { ref } = await executor.launch(
        spec,
        AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_LEASE_S * 900)]),
      );
      outcome?.('launched', performance.now() - startedAt);
      await this.#launched(delivery, ref);
    } catch (error) {
      if (!(error instanceof LaunchError)) {
        // The database, or a stop: the delivery lease runs out, and somebody repeats it.
        if (signal.aborted) return;
        outcome?.('ambiguous', performance.now() - startedAt);
        await this.#later(delivery, AMBIGUOUS_FIRST_S).catch(() => undefined);
        return;
      }
      outcome?.(error.kind, performance.now() - startedAt);
      await this.#refused(delivery, error);
    }
  }

  /** T3; when the run is elsewhere already, a runner that was faster, or a stop, has moved it. */
  async #launched({ run_id: runId, no, fence }: Delivery, ref: string): Promise<void> {
    const { db, transitions, dispatcherId, moved } = this.#parts;
    const facts = { actor: dispatcherId, attemptNo: no, fence, executorRef: ref };
    const run = await transitions.move(db, 'T3', runId, facts);
    if (run === undefined) {
      await sql`
        update attempt set executor_ref = ${ref}, submitted_at = coalesce(submitted_at, dispatch.now())
        where run_id = ${runId} and no = ${no} and executor_ref is null`.execute(db);
    }
    moved(runId);
  }

  async #refused(delivery: Delivery, error: LaunchError): Promise<void> {
    const timeout = delivery.age_s > LAUNCH_TIMEOUT_S ? launchTimeout(error.message) : undefined;
    switch (error.kind) {
      case 'ambiguous':
      case 'unavailable': {
        const wait = Math.min(AMBIGUOUS_MAX_S, AMBIGUOUS_FIRST_S * 2 ** Math.min(delivery.tries, 10));
        return timeout === undefined ? this.#later(delivery, wait) : this.#failed(delivery, timeout);
      }
      case 'throttled': {
        const wait = error.retryAfterMs === undefined ? THROTTLED_S : error.retryAfterMs / 1000;
        return timeout === undefined ? this.#later(delivery, wait) : this.#failed(delivery, timeout);
      }
      case 'refused':
        return this.#failed(delivery, launchRefused(error.code, error.message));
      case 'clash':
        return this.#failed(delivery, nameClash(delivery.name));
      case 'gone':
        return this.#failed(delivery, nameGone(delivery.name));
    }
  }

  async #later({ run_id: runId, no }: Delivery, seconds: number): Promise<void> {
    const { db, dispatcherId, jitter } = this.#parts;
    await sql`
      update attempt set delivery_until = dispatch.now() + ${seconds * jitter()}::float8 * interval '1 second'
      where run_id = ${runId} and no = ${no} and phase = 'PLANNED'
        and delivery_owner = ${dispatcherId}`.execute(db);
  }

  /** T7, and with it nobody may claim: what a late launch brings is litter. */
  async #failed({ run_id: runId, no, fence }: Delivery, failure: Failure): Promise<void> {
    const { db, transitions, dispatcherId, jitter, moved } = this.#parts;
    const facts = { actor: dispatcherId, attemptNo: no, fence, failure, jitter: jitter() };
    const run = await transitions.move(db, 'T7', runId, facts);
    if (run !== undefined) {
      await transitions.quiesce(db, runId, { actor: dispatcherId, attemptNo: no, fence, evidence: 'Q0' });
      moved(runId);
    }
  }
}
