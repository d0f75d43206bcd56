/**
 * A runner as the protocol wants it, one step at a time, with everything that may befall it: it dies, hangs, its
 * requests and their answers are lost. It keeps its lease by its own clock and stops by itself when that is over.
 */
import type { RunnerService } from '#control/runs/runner-service.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { Random } from './random.ts';
import type { SimObject } from './sim-executor.ts';
import type { Witness } from './witness.ts';

export interface SimRunnerParts {
  readonly object: SimObject;
  /** Its object's process, not one that came twice. */
  readonly isFirst: boolean;
  readonly random: Random;
  readonly service: RunnerService;
  /** Seconds, the same clock as the database's. */
  readonly now: () => number;
  readonly witness: Witness;
  readonly protocol: number;
  readonly token: string;
}

/** Seconds before the end of its lease at which it gives itself up. */
const FENCE_MARGIN_S = 60;

class Lost extends Error {}

export class SimRunner {
  readonly #parts: SimRunnerParts;
  readonly #uid: string;
  #state: 'starting' | 'working' | 'permitted' | 'committed' | 'reporting' | 'over' = 'starting';
  #executionId = '';
  #leaseUntil = 0;
  #seq = 0;
  #work = 0;
  #isStopped = false;
  #outcome: 'succeeded' | 'failed' | 'canceled' = 'succeeded';
  #deadline = Infinity;
  isPeaceful = false;

  constructor(parts: SimRunnerParts) {
    this.#parts = parts;
    const { object, isFirst, random } = parts;
    this.#uid = isFirst ? object.processUid : `process-${object.ref}-${random.below(1e9)}`;
    this.#work = 1 + parts.random.below(5);
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  async step(): Promise<void> {
    const { object, random, now } = this.#parts;
    if (object.stopAsked === 'hard' || object.isDeleted) return this.#die(137);
    if (object.stopAsked === 'soft' && this.#state !== 'permitted') this.#isStopped = true;
    if (!this.isPeaceful && random.chance(0.02)) return this.#die(random.pick([137, 1, 143]) ?? 1);
    // It hangs.
    if (!this.isPeaceful && random.chance(0.15)) return undefined;
    if (this.#state !== 'starting' && now() > this.#leaseUntil - FENCE_MARGIN_S) return this.#die(87);
    try {
      await this.#act();
    } catch (error) {
      if (error instanceof Lost) return undefined;
      if (!isRopewayError(error)) throw error;
      if (error.code === 'STOP_REQUESTED') this.#isStopped = true;
      else await this.#refused();
    }
  }

  async #act(): Promise<void> {
    switch (this.#state) {
      case 'starting':
        return this.#claim();
      case 'working':
        return this.#workOn();
      case 'permitted':
        return this.#commit();
      case 'committed':
      case 'reporting':
        return this.#report();
      case 'over':
    }
  }

  async #claim(): Promise<void> {
    const { object, service, witness, now, protocol, token } = this.#parts;
    const { runId, attemptNo } = object.spec;
    const sentAt = now();
    const answer = await this.#ask(async () =>
      service.claim({
        run_id: runId,
        attempt_no: attemptNo,
        fence: object.spec.fence,
        bootstrap_token: token,
        process_uid: this.#uid,
        claim_nonce: this.#uid,
        protocol,
        runner_version: 'sim',
      }),
    );
    witness.handedOut(runId, attemptNo, this.#uid);
    this.#executionId = answer.execution_id;
    this.#leaseUntil = sentAt + answer.lease_s;
    this.#deadline = now() + answer.work.run_timeout_s;
    this.#state = 'working';
  }

  async #workOn(): Promise<void> {
    const { service, now, random } = this.#parts;
    if (this.#isStopped || now() > this.#deadline) {
      this.#outcome = this.#isStopped ? 'canceled' : 'failed';
      this.#state = 'reporting';
      return;
    }
    const sentAt = now();
    this.#seq += 1;
    const word = await this.#ask(async () =>
      service.heartbeat({ ...this.#execution, seq: this.#seq, counters: counters(this.#seq), hold_s: 0 }, never),
    );
    this.#leaseUntil = sentAt + word.lease_s;
    if (word.stop !== 'none') this.#isStopped = true;
    this.#work -= 1;
    if (this.#work > 0) return;
    if (random.chance(0.15)) {
      this.#outcome = 'failed';
      this.#state = 'reporting';
      return;
    }
    const askedAt = now();
    const permit = await this.#ask(async () => service.commit({ ...this.#execution, commit_key: this.#uid }));
    this.#leaseUntil = askedAt + permit.lease_s;
    this.#state = 'permitted';
  }

  /** The lease was looked at a moment ago. */
  async #commit(): Promise<void> {
    const { object, witness } = this.#parts;
    const { runId, attemptNo } = object.spec;
    witness.committed({ runId, attemptNo, processUid: this.#uid });
    this.#outcome = 'succeeded';
    this.#state = 'committed';
  }

  async #report(): Promise<void> {
    const { service, random } = this.#parts;
    const isCommitted = this.#outcome === 'succeeded';
    await this.#ask(async () =>
      service.finish({
        ...this.#execution,
        outcome: this.#outcome,
        counters: counters(this.#seq),
        committed: isCommitted,
        result: {},
        ...(this.#outcome === 'failed'
          ? {
              failure: {
                class: random.pick(['user', 'transient'] as const) ?? 'user',
                code: 'SIM',
                message: 'it failed',
              },
            }
          : {}),
      }),
    );
    this.#die(isCommitted ? 0 : 1);
  }

  /** It has no claim (any more): it ends its work, and says so. */
  async #refused(): Promise<void> {
    const isClaimed = this.#executionId !== '';
    this.#die(isClaimed ? 87 : 86);
    if (isClaimed) await this.#parts.service.quiesced(this.#execution).catch(() => undefined);
  }

  #die(exitCode: number): void {
    const { object, isFirst } = this.#parts;
    this.#state = 'over';
    if (!isFirst) return;
    object.phase = 'ended';
    object.exitCode = exitCode;
  }

  get #execution() {
    const { runId, attemptNo, fence } = this.#parts.object.spec;
    return { run_id: runId, attempt_no: attemptNo, fence, execution_id: this.#executionId };
  }

  /** A request, or its answer, may be lost. */
  async #ask<T>(request: () => Promise<T>): Promise<T> {
    const { random } = this.#parts;
    if (!this.isPeaceful && random.chance(0.05)) throw new Lost();
    const answer = await request();
    if (!this.isPeaceful && random.chance(0.05)) throw new Lost();
    return answer;
  }
}

const never = new AbortController().signal;

function counters(seq: number) {
  return {
    records_read: seq,
    records_written: seq,
    records_rejected: 0,
    bytes_read: 0,
    bytes_written: 0,
    tasks_done: 0,
  };
}
