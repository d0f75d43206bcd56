/** Runs as rows and as resources. */
import { sql } from 'kysely';
import type { Counters, Run, RunSummary } from '#api/resources/run.ts';
import { valueKey } from '#api/late-values.ts';
import type { RunValue } from '#api/resources/variable.ts';
import { progressCounters } from '#api/runner.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

/** Of a row of a list. */
const summaryColumns = [
  'run.id',
  'run.kind',
  'run.trigger',
  'run.created_by',
  'run.definition_id',
  'run.revision',
  'run.group_id',
  'run.priority',
  'run.lane',
  'run.state',
  'run.attempt_no',
  'run.counters',
  'run.stop_reason',
  'run.failure_code',
  'run.note',
  'run.blocked_by',
  'run.created_at',
  'run.queued_at',
  'run.started_at',
  'run.terminal_at',
  'run.version',
  'definition.name as definition_name',
] as const;

const restColumns = [
  'run.failure_class',
  'run.failure',
  'run.result',
  'run.not_before',
  'run.queue_deadline',
  'run.run_timeout_s',
  'run.memory_mb',
  'run.cpu_millis',
  'run.job_retries_used',
  'run.job_retries_max',
  'run.is_idempotent',
  'run.stop_requested_at',
  'run.commit_granted_at',
  'run.heartbeat_at',
] as const;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectSummaries(db: Db, workspaceId: string) {
  return db
    .selectFrom('run')
    .leftJoin('definition', 'definition.id', 'run.definition_id')
    .select(summaryColumns)
    .where('run.workspace_id', '=', workspaceId);
}

type SummaryRow = Awaited<ReturnType<ReturnType<typeof selectSummaries>['executeTakeFirstOrThrow']>>;

/** Throws when the workspace has no such run. */
export async function theRun(db: Db, id: string, workspaceId: string): Promise<Run> {
  const row = await selectSummaries(db, workspaceId)
    .leftJoin('run_work', 'run_work.run_id', 'run.id')
    .select(restColumns)
    .select(sql<Record<string, string> | null>`run_work.work -> 'variables'`.as('variables'))
    .select(sql<RunValue[] | null>`run_work.work -> 'values'`.as('values'))
    .select(sql<string | null>`run_work.work ->> 'transaction_time'`.as('transaction_time'))
    .select('run_work.late_values')
    .where('run.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw unknown('run', id);
  return {
    ...summaryOf(row),
    failure: failureOf(row),
    result: row.result === null ? null : { ...row.result },
    variables: row.variables ?? {},
    values: (row.values ?? []).map((each) => ({ ...each, value: each.value ?? lateValue(row.late_values, each) })),
    transactionTime: row.transaction_time,
    notBefore: row.not_before,
    queueDeadline: row.queue_deadline,
    runTimeoutS: row.run_timeout_s,
    memoryMb: row.memory_mb,
    cpuMillis: row.cpu_millis,
    jobRetriesUsed: row.job_retries_used,
    jobRetriesMax: row.job_retries_max,
    isIdempotent: row.is_idempotent,
    stopRequestedAt: row.stop_requested_at,
    commitGrantedAt: row.commit_granted_at,
    heartbeatAt: row.heartbeat_at,
  };
}

function lateValue(kept: Readonly<Record<string, string>> | null, value: RunValue): string | null {
  return kept?.[valueKey(value)] ?? null;
}

export function summaryOf(row: SummaryRow): RunSummary {
  return {
    id: row.id,
    kind: row.kind,
    trigger: row.trigger,
    createdBy: row.created_by,
    transferId: row.definition_id,
    transferName: row.definition_name,
    revision: row.revision,
    groupId: row.group_id,
    priority: row.priority,
    lane: row.lane,
    state: row.state,
    attemptNo: row.attempt_no,
    counters: countersOf(row.counters),
    stopReason: row.stop_reason,
    failureCode: row.failure_code,
    note: row.note,
    blockedBy: row.state === 'QUEUED' ? row.blocked_by : null,
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    endedAt: row.terminal_at,
    version: row.version,
  };
}

/** Null before the runner has said anything. */
export function countersOf(kept: Readonly<Record<string, unknown>>): Counters | null {
  if (Object.keys(kept).length === 0) return null;
  const read = progressCounters.safeParse(kept);
  if (!read.success) return null;
  const { data } = read;
  return {
    recordsRead: data.records_read,
    recordsWritten: data.records_written,
    recordsRejected: data.records_rejected,
    bytesRead: data.bytes_read,
    ...(data.bytes_total === undefined ? {} : { bytesTotal: data.bytes_total }),
    bytesWritten: data.bytes_written,
    tasksDone: data.tasks_done,
    ...(data.tasks_total === undefined ? {} : { tasksTotal: data.tasks_total }),
    ...(data.memory_bytes_max === undefined ? {} : { memoryBytesMax: data.memory_bytes_max }),
  };
}

function failureOf(row: {
  readonly failure_class: string | null;
  readonly failure_code: string | null;
  readonly failure: Readonly<Record<string, unknown>> | null;
}): Run['failure'] {
  const { failure_class: kind, failure_code: code, failure } = row;
  if (kind === null && code === null && failure === null) return null;
  const text = (name: string): string | undefined => {
    const value = failure?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const hint = text('hint');
  const where = failure?.['where'];
  return {
    class: kind ?? text('class') ?? 'internal',
    code: code ?? text('code') ?? 'UNKNOWN',
    message: text('message') ?? code ?? 'The run failed.',
    ...(hint === undefined ? {} : { hint }),
    ...(typeof where === 'object' && where !== null ? { where: { ...where } } : {}),
  };
}
