/**
 * What a runner may do with an attempt: claim it, keep its lease, ask whether it may make its work visible, report,
 * and say that it is over. Each is bound to the execution that claimed; any replica serves any of them.
 */
import { sql } from 'kysely';
import type {
  ClaimAnswer,
  ClaimRequest,
  CommitRequest,
  FinishRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  LogsQuery,
  QuiescedRequest,
  ValuesRequest,
} from '#api/runner.ts';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import { newId } from '#control/store/ids.ts';
import { keepValues, startedWork } from '#control/variables/start-values.ts';
import type { FrozenRun } from '#control/variables/start-values.ts';
import type { Heartbeats } from './heartbeats.ts';
import { disrupted, reportedFailure } from './failure-classes.ts';
import { runnerErrors } from './errors.ts';
import type { SessionTokens } from './session-tokens.ts';
import { REVOKED } from './states.ts';
import type { Db, TransitionWriter } from './transition-writer.ts';
import type { Failure } from './transitions.ts';

/** A lease outlasts our own outages: ordinary deaths are seen by the executor, not learnt from silence. */
export const LEASE_S = 900;
const HEARTBEAT_S = 20;

export interface RunnerServiceParts {
  readonly db: Db;
  readonly transitions: TransitionWriter;
  readonly tokens: SessionTokens;
  readonly heartbeats: Heartbeats;
  /** Called after a run moved: somebody may be waiting for it. */
  readonly moved: (runId: string) => void;
  /** Seconds of a lease; shorter in tests that wait for its end. */
  readonly leaseS?: number;
  readonly heartbeatS?: number;
  /** Of a retry: between 0.8 and 1.2. */
  readonly jitter: () => number;
}

interface Execution {
  readonly run_id: string;
  readonly attempt_no: number;
  readonly fence: string;
  readonly execution_id: string;
}

export class RunnerService {
  readonly #parts: RunnerServiceParts;
  readonly #leaseS: number;

  constructor(parts: RunnerServiceParts) {
    this.#parts = parts;
    this.#leaseS = parts.leaseS ?? LEASE_S;
  }

  /** T4. The same process may ask again when the answer was lost; nobody else gets the work. */
  async claim(request: ClaimRequest): Promise<ClaimAnswer> {
    const { db, transitions, tokens, moved, heartbeatS = HEARTBEAT_S } = this.#parts;
    const { run_id: runId, attempt_no: attemptNo, fence } = request;
    if (!tokens.isBootstrap(request.bootstrap_token, { runId, attemptNo, fence })) {
      throw runnerErrors.error('BOOTSTRAP_TOKEN_WRONG', {});
    }
    if (request.protocol !== RUNNER_PROTOCOL) {
      throw runnerErrors.error('RUNNER_PROTOCOL', { protocol: request.protocol, known: String(RUNNER_PROTOCOL) });
    }
    let executionId = newId();
    const claimed = await transitions.move(db, 'T4', runId, {
      actor: 'runner',
      attemptNo,
      fence,
      executionId,
      processUid: request.process_uid,
      claimNonce: request.claim_nonce,
      runnerVersion: request.runner_version,
      leaseS: this.#leaseS,
    });
    if (claimed === undefined) executionId = await this.#earlierClaim(request);
    else moved(runId);
    const { rows } = await sql<FrozenRun>`
      select work, late_values from run_work where run_id = ${runId}`.execute(db);
    const [frozen] = rows;
    if (frozen === undefined) throw runnerErrors.error('RUN_UNKNOWN', { run: runId });
    const work = await startedWork(db, runId, frozen);
    const session = tokens.session(executionId);
    return { execution_id: executionId, session_token: session, lease_s: this.#leaseS, heartbeat_s: heartbeatS, work };
  }

  /** The execution, when this very claim was granted before and still stands. */
  async #earlierClaim(request: ClaimRequest): Promise<string> {
    const { run_id: runId, attempt_no: attemptNo, fence } = request;
    const { rows } = await sql<{
      execution_id: string | null;
      process_uid: string | null;
      claim_nonce: string | null;
      current: string | null;
    }>`
      select a.execution_id, a.process_uid, a.claim_nonce, r.execution_id as current
      from attempt a join run r on r.id = a.run_id and r.attempt_no = a.no and r.state in ('RUNNING', 'STOPPING')
      where a.run_id = ${runId} and a.no = ${attemptNo} and a.fence = ${fence}::bigint`.execute(this.#parts.db);
    const [attempt] = rows;
    if (attempt?.current === null || attempt === undefined || attempt.current === REVOKED) {
      throw runnerErrors.error('CLAIM_REVOKED', { run: runId, attempt: attemptNo });
    }
    const isSame = attempt.process_uid === request.process_uid && attempt.claim_nonce === request.claim_nonce;
    if (!isSame || attempt.execution_id === null) {
      throw runnerErrors.error('CLAIM_TAKEN', { run: runId, attempt: attemptNo });
    }
    return attempt.execution_id;
  }

  /** Answered only after the new end of the lease is committed. */
  async heartbeat(request: HeartbeatRequest, signal: AbortSignal): Promise<HeartbeatAnswer> {
    const { heartbeats } = this.#parts;
    const kept = await heartbeats.keep(request, this.#leaseS);
    if (kept === undefined) throw revoked(request);
    const stop = kept.stop === 'none' ? await heartbeats.waitForStop(request, signal) : kept;
    return {
      lease_s: this.#leaseS,
      stop: stop.stop,
      ...(stop.reason === undefined ? {} : { stop_reason: stop.reason }),
    };
  }

  /** Whether the work may become visible. Once granted, a stop comes too late. */
  async commit(request: CommitRequest): Promise<{ lease_s: number }> {
    const { db, transitions, moved } = this.#parts;
    const { run_id: runId, attempt_no: attemptNo, fence, execution_id: executionId, commit_key: commitKey } = request;
    const claim = { actor: 'runner', attemptNo, fence, executionId, commitKey, leaseS: this.#leaseS };
    if ((await transitions.move(db, 'commit', runId, { ...claim, detail: { commitKey } })) !== undefined) {
      moved(runId);
      return { lease_s: this.#leaseS };
    }
    const state = await this.#stateOf(request);
    if (state === 'STOPPING') throw runnerErrors.error('STOP_REQUESTED', { run: request.run_id });
    throw revoked(request);
  }

  /** T5 or T9. The same report twice is one report. */
  async finish(request: FinishRequest): Promise<void> {
    const { db, transitions, moved, jitter } = this.#parts;
    const { run_id: runId, attempt_no: attemptNo, fence, execution_id: executionId, counters, result } = request;
    if (await this.#isReported(request)) return;
    const common = {
      actor: 'runner',
      attemptNo,
      fence,
      executionId,
      counters,
      result,
      reported: request,
      jitter: jitter(),
    };
    const failure = this.#failureOf(request);
    const outcome = request.outcome === 'succeeded' ? 'succeeded' : 'failed';
    const facts = { ...common, outcome, ...(failure === undefined ? {} : { failure }) } as const;
    // Which of the two applies may change between them; the third look sees what the second one lost to.
    for (const name of ['T5', 'T9report', 'T5'] as const) {
      if ((await transitions.move(db, name, runId, facts)) !== undefined) {
        moved(runId);
        return;
      }
    }
    if (!(await this.#isReported(request))) throw revoked(request);
  }

  #failureOf({ outcome, failure, committed }: FinishRequest): Failure | undefined {
    if (outcome === 'succeeded') return undefined;
    if (failure === undefined) return disrupted();
    const told = reportedFailure(failure);
    // What may have become visible is not done again by itself.
    return committed ? told : { ...told, doubt: 'reported' };
  }

  /** Q2: the execution has ended its engine, and says so even after it lost its claim. */
  async quiesced(request: QuiescedRequest): Promise<void> {
    const { db, transitions, moved } = this.#parts;
    const { run_id: runId, attempt_no: attemptNo, fence, execution_id: executionId } = request;
    const { rows } = await sql<{ state: string }>`
      select r.state from attempt a join run r on r.id = a.run_id
      where a.run_id = ${runId} and a.no = ${attemptNo} and a.fence = ${fence}::bigint
        and a.execution_id = ${executionId}`.execute(db);
    if (rows.length === 0) throw revoked(request);
    const facts = { actor: 'runner', attemptNo, fence, evidence: 'Q2' } as const;
    if ((await transitions.quiesce(db, runId, facts)) !== undefined) moved(runId);
  }

  /** Keeps a chunk of the log; the same number twice is one chunk. */
  async logs(query: LogsQuery, content: Uint8Array): Promise<void> {
    const { rows } = await sql<{ n: number }>`
      with live as (
        select a.run_id, a.no from attempt a join run r on r.id = a.run_id and r.attempt_no = a.no
        where a.run_id = ${query.run_id} and a.no = ${query.attempt_no} and a.fence = ${query.fence}::bigint
          and a.execution_id = ${query.execution_id} and r.execution_id = ${query.execution_id}),
      kept as (
        insert into log_chunk (run_id, attempt_no, execution_id, seq, at, line_count, size_bytes, content)
        select run_id, no, ${query.execution_id}, ${query.seq}, dispatch.now(), ${query.line_count},
          ${content.byteLength}, ${Buffer.from(content)}
        from live on conflict do nothing)
      select count(*)::int as n from live`.execute(this.#parts.db);
    if (rows[0]?.n !== 1) throw revoked(query);
  }

  /** What its queries have given; the same twice is the same. */
  async values(request: ValuesRequest): Promise<void> {
    const { db, moved } = this.#parts;
    if (!(await keepValues(db, request))) throw revoked(request);
    moved(request.run_id);
  }

  /** Whether the execution is the one at work: only it gets secrets. */
  async isLive(execution: Execution): Promise<boolean> {
    const { rows } = await sql`
      select 1 from run where id = ${execution.run_id} and attempt_no = ${execution.attempt_no}
        and fence = ${execution.fence}::bigint and execution_id = ${execution.execution_id}
        and state in ('RUNNING', 'STOPPING')`.execute(this.#parts.db);
    return rows.length === 1;
  }

  async #stateOf(execution: Execution): Promise<string | undefined> {
    const { rows } = await sql<{ state: string }>`
      select state from run where id = ${execution.run_id} and attempt_no = ${execution.attempt_no}
        and fence = ${execution.fence}::bigint and execution_id = ${execution.execution_id}`.execute(this.#parts.db);
    return rows[0]?.state;
  }

  async #isReported(execution: Execution): Promise<boolean> {
    const { rows } = await sql`
      select 1 from attempt where run_id = ${execution.run_id} and no = ${execution.attempt_no}
        and fence = ${execution.fence}::bigint and execution_id = ${execution.execution_id}
        and reported_at is not null`.execute(this.#parts.db);
    return rows.length === 1;
  }
}

function revoked(execution: Execution): Error {
  return runnerErrors.error('CLAIM_REVOKED', { run: execution.run_id, attempt: execution.attempt_no });
}
