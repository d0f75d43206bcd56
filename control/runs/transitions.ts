/**
 * Every way in which a run changes its state, as data: from where, under which conditions, and what else is written in
 * the same statement. `TransitionWriter` makes one UPDATE of it, guarded by all conditions; nothing else writes `state`.
 *
 * No row updated means that somebody else moved the run: read again, never force. The run row carries the live claim,
 * so that each condition is about this one row, and PostgreSQL checks it again when the row was locked by another.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { REVOKED } from './states.ts';
import type { QuiesceEvidence, RunState, StopReason } from './states.ts';

export type Sql = RawBuilder<unknown>;

/** What the transitions are told; each reads its own part. */
export interface TransitionFacts {
  readonly attemptNo?: number;
  readonly fence?: string;
  readonly executionId?: string;
  readonly processUid?: string;
  readonly claimNonce?: string;
  readonly runnerVersion?: string;
  readonly leaseS?: number;
  readonly marginS?: number;
  readonly counters?: unknown;
  readonly outcome?: 'succeeded' | 'failed' | 'canceled';
  readonly result?: unknown;
  readonly failure?: Failure;
  readonly reported?: unknown;
  readonly stopReason?: StopReason;
  readonly isForced?: boolean;
  readonly executorRef?: string;
  readonly commitKey?: string;
  readonly evidence?: QuiesceEvidence;
  readonly observed?: unknown;
  /** Between 0.8 and 1.2: spreads what would come back together. */
  readonly jitter?: number;
}

export interface Failure {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly where?: unknown;
  /** Which budget another attempt is taken from; `requeue` takes none and keeps the place in the queue. */
  readonly retry: 'none' | 'job' | 'infra' | 'requeue';
  /**
   * What was claimed may have changed the target, so that only what may be done twice is done again: `silent` when
   * nobody says how far it came, `reported` when it was told, and only a commit that was permitted is in doubt.
   */
  readonly doubt?: 'silent' | 'reported';
}

export interface Transition {
  readonly from: readonly RunState[];
  /** Conditions beside the state, by name. */
  readonly guards: Readonly<Record<string, (facts: TransitionFacts) => Sql>>;
  /** The new state: a word, or what decides between several. */
  readonly to: (facts: TransitionFacts) => Sql;
  /** What else changes in the run. */
  readonly set?: (facts: TransitionFacts) => readonly Sql[];
  /** What changes in the attempt of that moment. */
  readonly attempt?: (facts: TransitionFacts) => readonly Sql[];
  /** The attempt gives its seats back. */
  readonly freesSeats?: boolean;
}

/** Seconds between attempts: the first, and the most. */
const BACKOFF_FIRST_S = 10;
const BACKOFF_MAX_S = 600;
/** Failures of the machinery before any claim that are tried again at once. */
const PROMPT_RETRIES = 2;
/** Seconds after the end of a lease until nobody can believe in it any more. */
const LEASE_MARGIN_S = 60;

const to = (state: RunState) => (): Sql => sql`${sql.lit(state)}`;
const json = (value: unknown): Sql => sql`${JSON.stringify(value ?? {})}::jsonb`;
const now = sql`dispatch.now()`;

const sameAttempt = {
  attempt: ({ attemptNo }: TransitionFacts) => sql`run.attempt_no = ${attemptNo}`,
  fence: ({ fence }: TransitionFacts) => sql`run.fence = ${fence}::bigint`,
};
const sameExecution = {
  ...sameAttempt,
  execution: ({ executionId }: TransitionFacts) => sql`run.execution_id = ${executionId}`,
};
const unclaimed = { unclaimed: () => sql`run.execution_id is null` };
const notStopped = { notStopped: () => sql`run.stop_requested_at is null` };

const isDoubtful = {
  none: sql`false`,
  // Doing it twice does no harm, or nothing can be visible yet; else nobody knows.
  silent: sql`not (run.is_idempotent or (run.commit_mode = 'permit' and run.commit_granted_at is null))`,
  reported: sql`(run.commit_granted_at is not null and not run.is_idempotent)`,
};

function mayRetry({ retry, doubt }: Failure): Sql {
  const budget = {
    none: sql`false`,
    requeue: sql`true`,
    job: sql`run.job_retries_used < run.job_retries_max`,
    infra: sql`run.infra_retries_used < run.infra_retries_max`,
  }[retry];
  return sql`(${budget} and not ${isDoubtful[doubt ?? 'none']})`;
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`a transition needs ${name}`);
  return value;
}

const failedOrBackoff = (facts: TransitionFacts): Sql =>
  sql`case when ${mayRetry(required(facts.failure, 'failure'))} then 'BACKOFF' else 'FAILED' end`;

/** What a failure writes, whether or not another attempt follows. */
function failureColumns({ failure, jitter = 1 }: TransitionFacts): readonly Sql[] {
  const { retry, doubt, ...told } = required(failure, 'failure');
  const used = sql`(run.job_retries_used + run.infra_retries_used)`;
  const prompt = sql`(${retry === 'infra'} and run.execution_id is null and run.infra_retries_used < ${PROMPT_RETRIES})`;
  const seconds = sql`least(${BACKOFF_MAX_S}, ${BACKOFF_FIRST_S} * power(2, least(${used}, 10))) * ${jitter}::float8`;
  return [
    sql`failure_class = case when ${isDoubtful[doubt ?? 'none']} then 'UNKNOWN_COMMIT' else ${told.class} end`,
    sql`failure_code = ${told.code}`,
    sql`failure = ${json(told)}`,
    sql`job_retries_used = run.job_retries_used + ${retry === 'job' ? 1 : 0}`,
    sql`infra_retries_used = run.infra_retries_used + ${retry === 'infra' ? 1 : 0}`,
    sql`not_before = case when ${retry === 'requeue'} or ${prompt} then ${now}
          else ${now} + ${seconds} * interval '1 second' end`,
    sql`terminal_at = case when ${mayRetry(required(failure, 'failure'))} then null else ${now} end`,
  ];
}

/** Nobody may claim, report or commit any more. */
const revoke = sql`execution_id = ${REVOKED}`;
const revokedAttempt = ({ observed }: TransitionFacts): readonly Sql[] => [
  sql`phase = 'REVOKED'`,
  sql`revoked_at = ${now}`,
  ...(observed === undefined ? [] : [sql`observed = ${json(observed)}`]),
];

const keepsPlace = sql`(run.failure_class = 'UNSCHEDULABLE')`;
const stopOutcome = sql`case run.stop_reason when 'timeout' then 'FAILED' else 'CANCELED' end`;
const timeoutClass = [
  sql`failure_class = case run.stop_reason when 'timeout' then 'TIMEOUT' else run.failure_class end`,
  sql`failure_code = case run.stop_reason when 'timeout' then coalesce(run.failure_code, 'RUN_TIMEOUT')
        else run.failure_code end`,
];

/** What may be concluded from the evidence alone. */
function believable({ evidence }: TransitionFacts): Sql {
  switch (evidence) {
    case 'Q0':
      // Nothing was handed out, so nothing has to be waited for.
      return sql`run.execution_id = ${REVOKED} and exists (select from attempt a
        where a.run_id = run.id and a.no = run.attempt_no and a.execution_id is null)`;
    case 'Q5':
      // A source that breaks with two readers waits for better evidence.
      return sql`run.lease_until + ${LEASE_MARGIN_S} * interval '1 second' <= ${now} and not run.has_exclusive_source`;
    default:
      return sql`true`;
  }
}

export const transitions = {
  /** Whether the work may become visible. Once granted, a stop comes too late. */
  commit: {
    from: ['RUNNING'],
    guards: { ...sameExecution, ...notStopped, leased: () => sql`run.lease_until > ${now}` },
    to: to('RUNNING'),
    set: ({ commitKey, leaseS }) => [
      sql`commit_granted_at = coalesce(run.commit_granted_at, ${now})`,
      sql`commit_key = ${commitKey}`,
      sql`lease_until = greatest(run.lease_until, ${now} + ${leaseS}::float8 * interval '1 second')`,
    ],
  },
  /**
   * The attempt is over: its seats are free, and the next one may come. One that was never claimed is over only when
   * nobody may claim it any more; one that is at work is not over, whatever the evidence.
   */
  quiesce: {
    from: ['STOPPING', 'BACKOFF', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED'],
    guards: { ...sameAttempt, unquiesced: () => sql`not run.is_quiesced`, believable },
    to: () => sql`run.state`,
    set: () => [sql`is_quiesced = true`],
    attempt: ({ evidence, observed }) => [
      sql`phase = 'QUIESCED'`,
      sql`quiesced_at = ${now}`,
      sql`quiesced_by = ${evidence}`,
      ...(observed === undefined ? [] : [sql`observed = ${json(observed)}`]),
    ],
    freesSeats: true,
  },
  /** The launcher, or an observer, saw that the place of the attempt exists. */
  T3: {
    from: ['DISPATCHING'],
    guards: sameAttempt,
    to: to('STARTING'),
    attempt: ({ executorRef }) => [
      sql`phase = 'SUBMITTED'`,
      sql`submitted_at = ${now}`,
      sql`executor_ref = ${executorRef}`,
    ],
  },
  /** The claim: one process gets the work, ever. */
  T4: {
    from: ['DISPATCHING', 'STARTING'],
    guards: { ...sameAttempt, ...unclaimed, ...notStopped },
    to: to('RUNNING'),
    set: ({ executionId, leaseS }) => [
      sql`execution_id = ${executionId}`,
      sql`lease_until = ${now} + ${leaseS}::float8 * interval '1 second'`,
      sql`heartbeat_at = ${now}`,
      sql`heartbeat_seq = 0`,
      sql`counters = '{}'`,
      sql`started_at = ${now}`,
      sql`blocked_by = null`,
    ],
    attempt: ({ executionId, processUid, claimNonce, runnerVersion }) => [
      sql`phase = 'CLAIMED'`,
      sql`claimed_at = ${now}`,
      sql`execution_id = ${executionId}`,
      sql`process_uid = ${processUid}`,
      sql`claim_nonce = ${claimNonce}`,
      sql`runner_version = ${runnerVersion}`,
    ],
  },
  /** The execution reports how it ended. */
  T5: {
    from: ['RUNNING'],
    guards: sameExecution,
    to: (facts) => (facts.outcome === 'succeeded' ? sql`'SUCCEEDED'` : failedOrBackoff(facts)),
    set: (facts) => [
      sql`counters = ${json(facts.counters)}`,
      ...(facts.outcome === 'failed'
        ? failureColumns(facts)
        : [
            sql`terminal_at = ${now}`,
            sql`failure = null`,
            sql`failure_class = null`,
            sql`failure_code = null`,
            sql`result = ${json(facts.result)}`,
          ]),
    ],
    attempt: ({ reported, counters }) => [
      sql`phase = 'REPORTED'`,
      sql`reported_at = ${now}`,
      sql`reported = ${json(reported)}`,
      sql`counters = ${json(counters)}`,
    ],
  },
  /** The process that claimed was seen to have ended without a report. */
  T6: {
    from: ['RUNNING'],
    guards: sameExecution,
    to: failedOrBackoff,
    set: (facts) => [revoke, ...failureColumns(facts)],
    attempt: revokedAttempt,
  },
  /** Nobody can say what became of it, and its lease is over. */
  T6lease: {
    from: ['RUNNING'],
    guards: {
      ...sameExecution,
      leaseOver: ({ marginS }) => sql`run.lease_until + ${marginS}::float8 * interval '1 second' <= ${now}`,
    },
    to: failedOrBackoff,
    set: (facts) => [revoke, ...failureColumns(facts)],
    attempt: revokedAttempt,
  },
  /** It never got as far as a claim; the right to claim goes first. */
  T7: {
    from: ['DISPATCHING', 'STARTING'],
    guards: { ...sameAttempt, ...unclaimed },
    to: failedOrBackoff,
    set: (facts) => [revoke, ...failureColumns(facts)],
    attempt: revokedAttempt,
  },
  /** A stop of what nobody works on. */
  T8a: {
    from: ['QUEUED', 'BACKOFF'],
    guards: { quiesced: () => sql`run.is_quiesced` },
    to: to('CANCELED'),
    set: ({ stopReason }) => [
      sql`stop_reason = coalesce(run.stop_reason, ${stopReason})`,
      sql`stop_requested_at = coalesce(run.stop_requested_at, ${now})`,
      sql`terminal_at = ${now}`,
      sql`blocked_by = null`,
    ],
  },
  /** A stop of what somebody may be working on; what is being made visible is not stopped, unless by force. */
  T8b: {
    from: ['DISPATCHING', 'STARTING', 'RUNNING', 'BACKOFF'],
    guards: {
      unquiesced: () => sql`not run.is_quiesced`,
      uncommitted: ({ isForced = false }) => sql`(run.commit_granted_at is null or ${isForced})`,
    },
    to: to('STOPPING'),
    set: ({ stopReason, isForced = false }) => [
      sql`stop_reason = ${stopReason}`,
      sql`stop_requested_at = ${now}`,
      sql`stop_is_hard = ${isForced}`,
      sql`execution_id = coalesce(run.execution_id, ${REVOKED})`,
    ],
  },
  /** The execution reports while it is being stopped: a success is one, a failure is what the stop was for. */
  T9report: {
    from: ['STOPPING'],
    guards: sameExecution,
    to: ({ outcome }) => (outcome === 'succeeded' ? sql`'SUCCEEDED'` : stopOutcome),
    set: ({ outcome, counters, result, failure }) => [
      sql`counters = ${json(counters)}`,
      sql`terminal_at = ${now}`,
      ...(outcome === 'succeeded'
        ? [sql`result = ${json(result)}`, sql`note = 'cancel_too_late'`]
        : [...timeoutClass, sql`failure = ${failure === undefined ? null : json(failure)}`]),
    ],
    attempt: ({ reported, counters }) => [
      sql`phase = 'REPORTED'`,
      sql`reported_at = ${now}`,
      sql`reported = ${json(reported)}`,
      sql`counters = ${json(counters)}`,
    ],
  },
  /** What was being stopped is over; a commit that was permitted and not reported may have happened or not. */
  T9: {
    from: ['STOPPING'],
    guards: { ...sameAttempt, quiesced: () => sql`run.is_quiesced` },
    to: () => sql`case when run.commit_granted_at is not null then 'FAILED' else ${stopOutcome} end`,
    set: () => [
      sql`terminal_at = ${now}`,
      sql`failure_class = case when run.commit_granted_at is not null then 'UNKNOWN_COMMIT'
            when run.stop_reason = 'timeout' then 'TIMEOUT' else run.failure_class end`,
      sql`failure_code = case when run.commit_granted_at is not null then 'COMMIT_UNKNOWN'
            when run.stop_reason = 'timeout' then coalesce(run.failure_code, 'RUN_TIMEOUT') else run.failure_code end`,
    ],
  },
  /** Another attempt may begin: the one before is over, and its time has come. */
  T10: {
    from: ['BACKOFF'],
    guards: {
      quiesced: () => sql`run.is_quiesced`,
      notBefore: () => sql`run.not_before <= ${now}`,
      enabled: () => sql`not exists (select from definition d where d.id = run.definition_id and not d.is_enabled)`,
    },
    to: to('QUEUED'),
    // What could not be placed has not had its turn: it keeps its place in the queue.
    set: () => [
      sql`queue_deadline = case when ${keepsPlace} then run.queue_deadline
            else ${now} + (run.queue_deadline - run.queued_at) end`,
      sql`queued_at = case when ${keepsPlace} then run.queued_at else ${now} end`,
      sql`rank = case when ${keepsPlace} then run.rank else extract(epoch from ${now}) - run.priority * 240 end`,
      sql`execution_id = null`,
      sql`lease_until = null`,
      sql`commit_granted_at = null`,
      sql`commit_key = null`,
    ],
  },
  /** Waited too long. */
  T11: {
    from: ['QUEUED'],
    guards: { deadline: () => sql`run.queue_deadline <= ${now}` },
    to: to('EXPIRED'),
    set: () => [sql`terminal_at = ${now}`, sql`failure_class = 'QUEUE_TIMEOUT'`, sql`failure_code = 'QUEUE_DEADLINE'`],
  },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof transitions;
