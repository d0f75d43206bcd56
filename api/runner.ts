/**
 * The runner protocol: what a runner and any replica of the control plane say to each other over HTTP and JSON, below
 * `/runner/v1/`. Every answer that is not 200 is a problem (`application/problem+json`) whose `code` says which.
 */
import { z } from 'zod';
import { insertedPath, lateValues } from './late-values.ts';
import { runValue } from './resources/variable.ts';

/** The versions of this protocol that this release speaks. */
export const RUNNER_PROTOCOL = 1;

/** Bytes of a chunk of a log, packed. */
export const LOG_CHUNK_BYTES_MAX = 256 * 1024;
/** Bytes of what a runner says at the end. */
export const FINISH_BYTES_MAX = 64 * 1024;

const attemptName = { run_id: z.string(), attempt_no: z.int(), fence: z.string() };

/** Rows and bytes so far; those of the last word count. */
export const progressCounters = z.object({
  records_read: z.int().default(0),
  records_written: z.int().default(0),
  records_rejected: z.int().default(0),
  bytes_read: z.int().default(0),
  bytes_total: z.int().optional(),
  bytes_written: z.int().default(0),
  tasks_done: z.int().default(0),
  tasks_total: z.int().optional(),
  /** Of the engine's process, at its highest. */
  memory_bytes_max: z.int().optional(),
});
export type ProgressCounters = z.output<typeof progressCounters>;

export const claimRequest = z.object({
  ...attemptName,
  /** Given over a channel that others cannot read. */
  bootstrap_token: z.string(),
  /** Of the process, and of this try: the same pair may ask again when the answer was lost. */
  process_uid: z.string(),
  claim_nonce: z.string(),
  protocol: z.int(),
  runner_version: z.string(),
});
export type ClaimRequest = z.output<typeof claimRequest>;

/** What is to be done. Secrets are asked for by handle, after the claim. */
export const workOrder = z.object({
  kind: z.enum(['transfer', 'test', 'browse', 'guess', 'preview', 'probe']),
  /** An Embulk configuration as JSON; `connection: {handle}` in a section stands for the options of a connection. */
  config: z.record(z.string(), z.unknown()),
  /** Connections by handle: the plugin, and the options that are not secret. */
  connections: z.record(
    z.string(),
    z.object({ plugin: z.string(), name: z.string(), options: z.record(z.string(), z.unknown()) }),
  ),
  /** Values of `{{ vars.x }}` and `{{ env.x }}` are in place already; these are for the log. */
  variables: z.record(z.string(), z.string()),
  /** Variables (`$name$`) and their values as far as they were known when the run was created; for people. */
  values: z.array(runValue).optional(),
  /** What is filled in later. */
  late: lateValues.optional(),
  /** Of a guess: texts with variables as they were written, which its answer says again. */
  written: z.array(z.object({ path: insertedPath, text: z.string() })).optional(),
  /** Of `test`, `browse`, `guess`, `preview`: their arguments. */
  arguments: z.record(z.string(), z.unknown()).default({}),
  /** The instant that the run is about. */
  transaction_time: z.string(),
  run_timeout_s: z.int(),
  stall_timeout_s: z.int().optional(),
  memory_mb: z.int(),
  cpu_millis: z.int(),
  commit_mode: z.enum(['permit', 'continuous']),
  workspace_id: z.string(),
});
export type WorkOrder = z.output<typeof workOrder>;

export const claimAnswer = z.object({
  execution_id: z.string(),
  session_token: z.string(),
  lease_s: z.int(),
  heartbeat_s: z.number(),
  work: workOrder,
});
export type ClaimAnswer = z.output<typeof claimAnswer>;

const execution = { ...attemptName, execution_id: z.string() };

export const heartbeatRequest = z.object({
  ...execution,
  seq: z.int(),
  counters: progressCounters,
  /** Seconds that the answer may be held back, so that a stop arrives at once. */
  hold_s: z.number().max(20).default(0),
});
export type HeartbeatRequest = z.output<typeof heartbeatRequest>;

export const heartbeatAnswer = z.object({
  lease_s: z.int(),
  stop: z.enum(['none', 'soft', 'hard']),
  stop_reason: z.string().optional(),
});
export type HeartbeatAnswer = z.output<typeof heartbeatAnswer>;

/** 200 granted · 409 `stop_requested` · 410 `revoked`. */
export const commitRequest = z.object({ ...execution, commit_key: z.string() });
export type CommitRequest = z.output<typeof commitRequest>;
export const commitAnswer = z.object({ lease_s: z.int() });

/** What went wrong, as the user is told it: never a stack trace. */
export const failureReport = z.object({
  /** `user`: configuration, credentials, schema, data. `transient`: the same, but another try may do. */
  class: z.enum(['user', 'transient', 'resource_oom', 'timeout', 'stalled', 'internal', 'unknown_commit']),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  where: z.record(z.string(), z.unknown()).optional(),
});
export type FailureReport = z.output<typeof failureReport>;

export const finishRequest = z.object({
  ...execution,
  outcome: z.enum(['succeeded', 'failed', 'canceled']),
  counters: progressCounters,
  failure: failureReport.optional(),
  /** Whether what was permitted is known to have become visible. */
  committed: z.boolean(),
  /** What the next run's configuration says on top, and what `test`, `browse`, `guess` and `preview` found. */
  result: z.record(z.string(), z.unknown()).default({}),
});
export type FinishRequest = z.output<typeof finishRequest>;

/** What the queries of variables have given, by key; answered when it is kept. */
export const valuesRequest = z.object({ ...execution, values: z.record(z.string(), z.string()) });
export type ValuesRequest = z.output<typeof valuesRequest>;

/** The execution has ended its engine, and will do nothing more. */
export const quiescedRequest = z.object(execution);
export type QuiescedRequest = z.output<typeof quiescedRequest>;

/** Beside the packed lines, which are the body, in the query of `POST …/logs`. */
export const logsQuery = z.object({
  ...execution,
  attempt_no: z.coerce.number().int(),
  seq: z.coerce.number().int(),
  line_count: z.coerce.number().int(),
});
export type LogsQuery = z.output<typeof logsQuery>;

/** A line of a log, as packed by gzip in chunks of NDJSON. */
export const runnerLogLine = z.object({
  at: z.string(),
  level: z.enum(['error', 'warn', 'info', 'debug']),
  message: z.string(),
  /** What else it says. `gap: {lines, bytes}` tells of lines that are missing at this place. */
  fields: z.record(z.string(), z.unknown()).optional(),
});
export type RunnerLogLine = z.output<typeof runnerLogLine>;

/** Bytes of what a runner leaves behind, as Kubernetes takes them. */
export const TERMINATION_BYTES_MAX = 4096;

/** What a runner writes just before its end, always: it is there when the control plane was not. */
export const terminationMessage = z.object({
  ...attemptName,
  /** Undefined when it never claimed. */
  execution_id: z.string().optional(),
  exit_code: z.int(),
  /** Undefined when there is none that would count: the claim was refused, or lost. */
  outcome: z.enum(['succeeded', 'failed', 'canceled']).optional(),
  /** The control plane has taken it. */
  is_reported: z.boolean(),
  committed: z.boolean(),
  counters: progressCounters.optional(),
  failure: failureReport.optional(),
});
export type TerminationMessage = z.output<typeof terminationMessage>;

/** Of `POST …/credentials`: the options of a connection that are secret, by dotted path. */
export const credentialsRequest = z.object({ ...execution, handle: z.string() });
export const credentialsAnswer = z.object({ options: z.record(z.string(), z.unknown()) });

/** How a runner's process ends, and what that says. */
export const exitCodes = {
  finished: 0,
  failed: 1,
  transient: 75,
  claimRefused: 86,
  leaseLost: 87,
  controlUnreachable: 88,
} as const;
