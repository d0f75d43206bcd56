/**
 * Compares what an executor sees with what the rows say, for one attempt at a time, and writes the next step. It is
 * told names; why it was told does not matter. Absence is never concluded from a cache or from an error.
 */
import { sql } from 'kysely';
import { neverClaimed, objectVanished, observedFailure } from '#control/runs/failure-classes.ts';
import type { QuiesceEvidence, RunState } from '#control/runs/states.ts';
import type { Db, TransitionWriter } from '#control/runs/transition-writer.ts';
import type { Executor, Observed } from './executors/executor.ts';

/** Seconds from the start of a runner until it must have claimed. */
const CLAIM_TIMEOUT_S = 90;
/** Seconds that a place may take to get its image, and to find room. */
const IMAGE_TIMEOUT_S = 300;
const UNSCHEDULABLE_TIMEOUT_S = 1200;
/** Seconds between two looks that see nothing, until it is believed. */
const ABSENCE_S = 10;
/** Seconds that a runner has to obey a soft stop, until it is stopped from outside. */
const SOFT_STOP_S = 5;
/** Bytes of what the attempt printed that are kept when it ended without a word. */
const TAIL_BYTES_MAX = 1024 * 1024;

export interface ObserverParts {
  readonly db: Db;
  readonly transitions: TransitionWriter;
  readonly executor: Executor;
  readonly installationId: string;
  readonly actor: string;
  readonly moved: (runId: string) => void;
  readonly jitter: () => number;
  /** Divides all waits; for tests with real processes. */
  readonly speed?: number;
}

export interface AttemptRow {
  readonly run_id: string;
  readonly no: number;
  readonly fence: string;
  readonly name: string;
  readonly spec_hash: string;
  readonly manifest: { readonly graceS: number };
  readonly executor_ref: string | null;
  readonly execution_id: string | null;
  readonly process_uid: string | null;
  readonly state: RunState;
  readonly is_current: boolean;
  readonly is_quiesced: boolean;
  readonly current_execution: string | null;
  readonly stop_is_hard: boolean;
  /** Seconds since each; null when it did not happen. */
  readonly submitted_s: number | null;
  readonly stop_s: number | null;
  readonly absent_s: number | null;
  readonly terminal_s: number | null;
}

export class Observer {
  readonly #parts: ObserverParts;
  /** Attempts whose bootstrap token was taken away. */
  readonly #disarmed = new Set<string>();

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  /** Looks at one attempt by its name, and does what there is to do about it. */
  async look(name: string): Promise<void> {
    const { executor } = this.#parts;
    const attempt = await this.#attempt(name);
    if (attempt === undefined) return;
    const seen = await executor.get(name, attempt.process_uid ?? undefined);
    if (seen === 'absent') await this.#absent(attempt);
    else if (isOurs(seen, attempt, this.#parts.installationId)) await this.#present(attempt, seen);
  }

  async #attempt(name: string): Promise<AttemptRow | undefined> {
    const { db } = this.#parts;
    const { rows } = await sql<AttemptRow>`
      select a.run_id, a.no, a.fence::text, a.name, a.spec_hash, a.manifest, a.executor_ref, a.execution_id,
        a.process_uid, r.state,
        r.attempt_no = a.no as is_current, a.quiesced_at is not null as is_quiesced,
        r.execution_id as current_execution, r.stop_is_hard,
        extract(epoch from dispatch.now() - a.submitted_at)::float8 as submitted_s,
        extract(epoch from dispatch.now() - r.stop_requested_at)::float8 as stop_s,
        extract(epoch from dispatch.now() - a.absent_since)::float8 as absent_s,
        extract(epoch from dispatch.now() - r.terminal_at)::float8 as terminal_s
      from attempt a join run r on r.id = a.run_id
      where a.name = ${name} and a.cleaned_at is null`.execute(db);
    return rows[0];
  }

  async #present(attempt: AttemptRow, seen: Observed): Promise<void> {
    const { db, transitions, actor, executor, moved } = this.#parts;
    const facts = { actor, attemptNo: attempt.no, fence: attempt.fence };
    if (attempt.absent_s !== null) await this.#note(attempt, null);
    if (attempt.execution_id !== null) await this.#disarm(attempt.name);
    if (attempt.is_quiesced) {
      await this.#clean(attempt, seen.ref);
      return;
    }
    if (attempt.state === 'DISPATCHING') {
      const run = await transitions.move(db, 'T3', attempt.run_id, { ...facts, executorRef: seen.ref });
      if (run !== undefined) moved(attempt.run_id);
    }
    if (seen.phase === 'ended') await this.#ended(attempt, seen);
    else if (attempt.state === 'STOPPING') await this.#stopping(attempt, seen);
    else if (attempt.state === 'DISPATCHING' || attempt.state === 'STARTING') await this.#pending(attempt, seen);
    else if (attempt.state !== 'RUNNING' && (attempt.terminal_s ?? Infinity) > this.#seconds(60)) {
      // It has reported, and does not end.
      await executor.stop(attempt.name, seen.ref, { graceMs: attempt.manifest.graceS * 1000 });
    }
  }

  /** The process is over: what it did not say itself is taken from what is seen, and the attempt is quiesced. */
  async #ended(attempt: AttemptRow, seen: Observed): Promise<void> {
    const { db, transitions, actor, jitter, moved } = this.#parts;
    const facts = { actor, attemptNo: attempt.no, fence: attempt.fence, observed: seen };
    const isClaimed = attempt.execution_id !== null;
    // A process that came second and did not get the work says nothing about the one that did.
    if (isClaimed && seen.processUid !== undefined && seen.processUid !== attempt.process_uid) return;
    const failure = observedFailure(seen, isClaimed);
    if (attempt.state === 'RUNNING') {
      await this.#keepTail(attempt, seen);
      const executionId = attempt.execution_id ?? '';
      await transitions.move(db, 'T6', attempt.run_id, { ...facts, executionId, failure, jitter: jitter() });
    } else if (attempt.state === 'DISPATCHING' || attempt.state === 'STARTING') {
      await this.#keepTail(attempt, seen);
      await transitions.move(db, 'T7', attempt.run_id, { ...facts, failure, jitter: jitter() });
    }
    const evidence: QuiesceEvidence = this.#parts.executor.kind === 'process' ? 'Q6' : 'Q1';
    await transitions.quiesce(db, attempt.run_id, { ...facts, evidence });
    moved(attempt.run_id);
    await this.#clean(attempt, seen.ref);
  }

  async #stopping(attempt: AttemptRow, seen: Observed): Promise<void> {
    const { db, transitions, actor, executor, moved } = this.#parts;
    if (attempt.execution_id === null) {
      const facts = { actor, attemptNo: attempt.no, fence: attempt.fence, evidence: 'Q0' } as const;
      if ((await transitions.quiesce(db, attempt.run_id, facts)) !== undefined) moved(attempt.run_id);
      await executor.stop(attempt.name, seen.ref, { graceMs: attempt.manifest.graceS * 1000 });
    } else if (attempt.stop_is_hard || (attempt.stop_s ?? 0) > this.#seconds(SOFT_STOP_S)) {
      await executor.stop(attempt.name, seen.ref, {
        graceMs: attempt.stop_is_hard ? 0 : attempt.manifest.graceS * 1000,
      });
    }
  }

  /** It exists, and nobody has claimed it. */
  async #pending(attempt: AttemptRow, seen: Observed): Promise<void> {
    const { db, transitions, actor, executor, jitter, moved } = this.#parts;
    const age = attempt.submitted_s ?? 0;
    const limits = { image: IMAGE_TIMEOUT_S, launch_config: 0, unschedulable: UNSCHEDULABLE_TIMEOUT_S } as const;
    const limit = seen.phase === 'running' ? CLAIM_TIMEOUT_S : limits[seen.reason as keyof typeof limits];
    if (limit === undefined || age <= this.#seconds(limit)) return;
    const failure = seen.phase === 'running' ? neverClaimed() : observedFailure(seen, false);
    const facts = { actor, attemptNo: attempt.no, fence: attempt.fence, observed: seen };
    const run = await transitions.move(db, 'T7', attempt.run_id, { ...facts, failure, jitter: jitter() });
    if (run === undefined) return;
    await transitions.quiesce(db, attempt.run_id, { ...facts, evidence: 'Q0' });
    moved(attempt.run_id);
    await executor.stop(attempt.name, seen.ref, { graceMs: attempt.manifest.graceS * 1000 });
  }

  /** Nothing of that name is there: two looks apart believe it, and of what was claimed only its lease decides. */
  async #absent(attempt: AttemptRow): Promise<void> {
    const { db, transitions, actor, executor, jitter, moved } = this.#parts;
    if (attempt.is_quiesced) {
      await this.#cleaned(attempt);
      return;
    }
    // Not launched yet, and the launcher's to launch.
    if (attempt.state === 'DISPATCHING' && attempt.executor_ref === null) return;
    if (attempt.absent_s === null) {
      await this.#note(attempt, sql`dispatch.now()`);
      return;
    }
    if (attempt.absent_s < this.#seconds(ABSENCE_S)) return;
    const facts = { actor, attemptNo: attempt.no, fence: attempt.fence, observed: { phase: 'absent' } };
    if (attempt.state === 'DISPATCHING' || attempt.state === 'STARTING') {
      const failure = objectVanished(false);
      await transitions.move(db, 'T7', attempt.run_id, { ...facts, failure, jitter: jitter() });
      await transitions.quiesce(db, attempt.run_id, { ...facts, evidence: 'Q0' });
    } else if (attempt.execution_id === null) {
      await transitions.quiesce(db, attempt.run_id, { ...facts, evidence: 'Q0' });
    } else if (executor.kind === 'process') {
      // On this machine the folder of a run is only taken away once its process group is empty.
      await this.#ended(attempt, {
        name: attempt.name,
        ref: attempt.executor_ref ?? '',
        identity: undefined,
        phase: 'ended',
        reason: 'node_lost',
        isBeingDeleted: false,
      });
      return;
    }
    moved(attempt.run_id);
  }

  /** Its token has been used: what held it goes, once. */
  async #disarm(name: string): Promise<void> {
    const { executor } = this.#parts;
    if (executor.claimed === undefined || this.#disarmed.has(name)) return;
    await executor.claimed(name);
    this.#disarmed.add(name);
  }

  async #note(attempt: AttemptRow, since: ReturnType<typeof sql> | null): Promise<void> {
    await sql`update attempt set absent_since = ${since} where name = ${attempt.name}`.execute(this.#parts.db);
  }

  async #keepTail(attempt: AttemptRow, seen: Observed): Promise<void> {
    const { executor, db } = this.#parts;
    const tail = await executor.tail(attempt.name, seen.ref, TAIL_BYTES_MAX).catch(() => undefined);
    if (tail === undefined || tail.byteLength === 0) return;
    await sql`update attempt set node_tail = ${Buffer.from(tail)} where name = ${attempt.name}`.execute(db);
  }

  async #clean(attempt: AttemptRow, ref: string): Promise<void> {
    await this.#parts.executor.remove(attempt.name, ref);
    await this.#cleaned(attempt);
  }

  async #cleaned({ name }: AttemptRow): Promise<void> {
    this.#disarmed.delete(name);
    await sql`update attempt set cleaned_at = dispatch.now(), phase = 'CLEANED'
      where name = ${name} and quiesced_at is not null and cleaned_at is null`.execute(this.#parts.db);
  }

  #seconds(seconds: number): number {
    return seconds / (this.#parts.speed ?? 1);
  }
}

function isOurs({ identity }: Observed, attempt: AttemptRow, installationId: string): boolean {
  return (
    identity !== undefined &&
    identity.installationId === installationId &&
    identity.runId === attempt.run_id &&
    identity.attemptNo === attempt.no &&
    identity.fence === attempt.fence
  );
}
