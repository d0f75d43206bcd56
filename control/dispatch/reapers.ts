/**
 * What happens because time has passed: runs come back from their pause, waiting ones expire, and those that nobody
 * hears of are given up. Each is a bounded batch of guarded transitions; several dispatchers at it are only wasteful.
 */
import { sql } from 'kysely';
import { leaseLost } from '#control/runs/failure-classes.ts';
import type { Db, TransitionWriter } from '#control/runs/transition-writer.ts';
import type { MassSilence } from './mass-silence.ts';

/** Rows of one batch. */
const BATCH_MAX = 500;
/** Seconds after the end of a lease, or of the time of a run, until the control plane acts for the runner. */
export const MARGIN_S = 60;
/** What was used counts half as much after half an hour; it is added up every few seconds. */
const USAGE_HALF_LIFE_S = 1800;
const USAGE_INTERVAL_S = 5;

export interface ReaperParts {
  readonly db: Db;
  readonly transitions: TransitionWriter;
  readonly actor: string;
  readonly moved: (runId: string) => void;
  readonly jitter: () => number;
  readonly silence: MassSilence;
  readonly marginS?: number;
}

interface Due {
  readonly id: string;
  readonly attempt_no: number;
  readonly fence: string;
  readonly execution_id: string;
}

export class Reapers {
  readonly #parts: ReaperParts;

  constructor(parts: ReaperParts) {
    this.#parts = parts;
  }

  /** All of them once; returns how many runs moved. */
  async tick(): Promise<number> {
    let moves = await this.backoffs();
    moves += await this.deadlines();
    moves += await this.timeouts();
    moves += await this.unclaimedStops();
    moves += await this.endedStops();
    moves += await this.leases();
    moves += await this.leftLeases();
    await this.usage();
    return moves;
  }

  /** T10. */
  async backoffs(): Promise<number> {
    const due = await this.#due(sql`state = 'BACKOFF' and is_quiesced and not_before <= dispatch.now()`);
    return this.#each(due, async ({ id }) =>
      this.#parts.transitions.move(this.#parts.db, 'T10', id, { actor: this.#parts.actor }),
    );
  }

  /** T11. */
  async deadlines(): Promise<number> {
    const due = await this.#due(sql`state = 'QUEUED' and queue_deadline <= dispatch.now()`);
    return this.#each(due, async ({ id }) =>
      this.#parts.transitions.move(this.#parts.db, 'T11', id, { actor: this.#parts.actor }),
    );
  }

  /** T8b: the runner ends itself in time; this is for one that does not. */
  async timeouts(): Promise<number> {
    const { db, transitions, actor } = this.#parts;
    const due = await this.#due(sql`state = 'RUNNING'
      and started_at + (run_timeout_s + ${this.#margin}) * interval '1 second' <= dispatch.now()
      and commit_granted_at is null`);
    return this.#each(due, async ({ id }) => transitions.move(db, 'T8b', id, { actor, stopReason: 'timeout' }));
  }

  /** What was stopped before anybody claimed it has nothing to be waited for. */
  async unclaimedStops(): Promise<number> {
    const { db, transitions, actor } = this.#parts;
    const due = await this.#due(sql`state in ('STOPPING', 'BACKOFF', 'FAILED') and not is_quiesced
      and execution_id = 'revoked' and exists (select from attempt a
        where a.run_id = run.id and a.no = run.attempt_no and a.execution_id is null)`);
    return this.#each(due, async ({ id, attempt_no: attemptNo, fence }) =>
      transitions.quiesce(db, id, { actor, attemptNo, fence, evidence: 'Q0' }),
    );
  }

  /** T9, where whoever saw the attempt end did not get to the end of the run. */
  async endedStops(): Promise<number> {
    const { db, transitions, actor } = this.#parts;
    const due = await this.#due(sql`state = 'STOPPING' and is_quiesced`);
    return this.#each(due, async ({ id, attempt_no: attemptNo, fence }) =>
      transitions.move(db, 'T9', id, { actor, attemptNo, fence }),
    );
  }

  /** T6 by silence, unless so many are silent that the fault is ours. */
  async leases(): Promise<number> {
    const { db, transitions, actor, silence, jitter } = this.#parts;
    const allowed = await silence.allowance(db);
    if (allowed <= 0) return 0;
    const due = await this.#due(
      sql`state = 'RUNNING' and lease_until + ${this.#margin} * interval '1 second' <= dispatch.now()`,
      Math.min(allowed, BATCH_MAX),
    );
    const reaped = await this.#each(due, async ({ id, attempt_no: attemptNo, fence, execution_id: executionId }) => {
      const claim = { attemptNo, fence, executionId, marginS: this.#margin };
      return transitions.move(db, 'T6lease', id, { actor, ...claim, failure: leaseLost(), jitter: jitter() });
    });
    silence.reaped(reaped);
    return reaped;
  }

  /** Q5: whoever lost its claim has fenced itself once its lease is over. */
  async leftLeases(): Promise<number> {
    const { db, transitions, actor } = this.#parts;
    const due = await this.#due(sql`not is_quiesced and not has_exclusive_source
      and state not in ('QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING')
      and lease_until + ${this.#margin} * interval '1 second' <= dispatch.now()`);
    return this.#each(due, async ({ id, attempt_no: attemptNo, fence }) =>
      transitions.quiesce(db, id, { actor, attemptNo, fence, evidence: 'Q5' }),
    );
  }

  /** What workspaces hold is added to what they have used. Counted from the time before: several at it count it once. */
  async usage(): Promise<void> {
    await sql`
      insert into workspace_usage as u (workspace_id, value, at)
      select w.id, 0, dispatch.now() from workspace w
      on conflict (workspace_id) do update set at = excluded.at,
        value = u.value * power(0.5, extract(epoch from excluded.at - u.at) / ${USAGE_HALF_LIFE_S})
          + extract(epoch from excluded.at - u.at) * coalesce((
            select sum(greatest(cpu_millis / 1000.0, memory_mb / 1024.0)) from run
            where run.workspace_id = u.workspace_id and not run.is_quiesced), 0)
      where u.at < excluded.at - ${USAGE_INTERVAL_S} * interval '1 second'`.execute(this.#parts.db);
  }

  get #margin(): number {
    return this.#parts.marginS ?? MARGIN_S;
  }

  async #due(condition: ReturnType<typeof sql>, limit = BATCH_MAX): Promise<readonly Due[]> {
    const { rows } = await sql<Due>`
      select id, attempt_no, fence::text, execution_id from run where ${condition} limit ${limit}`.execute(
      this.#parts.db,
    );
    return rows;
  }

  async #each(due: readonly Due[], reap: (run: Due) => Promise<unknown>): Promise<number> {
    let count = 0;
    for (const run of due) {
      if ((await reap(run)) === undefined) continue;
      count += 1;
      this.#parts.moved(run.id);
    }
    return count;
  }
}
