/** The birth of a run: everything that it will need is frozen into it, in one transaction. */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { WorkOrder } from '#api/runner.ts';
import { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import { runErrors } from './errors.ts';
import type { Scope } from './freeze-work.ts';
import type { Db } from './transition-writer.ts';

export interface RunToCreate {
  readonly workspaceId: string;
  readonly groupId?: string | null | undefined;
  readonly definitionId?: string | null | undefined;
  readonly revision?: number | null | undefined;
  readonly work: WorkOrder;
  readonly trigger: 'manual' | 'api' | 'schedule' | 'workflow';
  readonly createdBy: string;
  /** The same key gives the same run. */
  readonly idempotencyKey?: string | undefined;
  readonly priority?: number;
  readonly lane?: 'batch' | 'interactive';
  /** The limits that apply to it. */
  readonly scopes: readonly Scope[];
  readonly jobRetriesMax?: number;
  readonly infraRetriesMax?: number;
  readonly isIdempotent?: boolean;
  readonly hasExclusiveSource?: boolean;
  /** Seconds from now. */
  readonly delayS?: number;
  readonly queueTimeoutS?: number;
  /** It is over as it is created: it is there to say that it was asked for, and why it does not run. */
  readonly skipReason?: string;
}

export interface CreatedRun {
  readonly id: string;
  /** False when the key was used before. */
  readonly isNew: boolean;
}

/** A run waits at most a day, unless told otherwise. */
const QUEUE_TIMEOUT_S = 86_400;
/** Seconds of waiting that are worth one step of priority. */
const AGING_S = 240;

/** Runs with the same scopes are blocked and free together. */
function scopeKey(scopes: readonly Scope[]): string {
  const names = scopes.map(({ kind, id }) => `${kind} ${id}`).sort();
  return createHash('sha256').update(names.join('\n')).digest('base64url').slice(0, 22);
}

export async function createRun(db: Db, run: RunToCreate): Promise<CreatedRun> {
  const [created] = await createRuns(db, [run]);
  if (created === undefined) throw new Error('a run that is created has an id');
  return created;
}

const firstState = sql`case when w.skip_reason is null then 'QUEUED' else 'SKIPPED' end`;

/** T1. Several at once in one statement each, for those who create thousands. */
export async function createRuns(db: Db, runs: readonly RunToCreate[]): Promise<readonly CreatedRun[]> {
  const rows = runs.map((run) => ({ ...rowOf(run), scopes: run.scopes }));
  const { rows: created } = await sql<{ id: string; workspace_id: string; idempotency_key: string | null }>`
    with wanted as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (
        id text, workspace_id text, group_id text, definition_id text, revision int, kind text, trigger text,
        created_by text, idempotency_key text, priority smallint, lane text, job_retries_max int,
        infra_retries_max int, is_idempotent boolean, commit_mode text, has_exclusive_source boolean,
        delay_s float8, queue_timeout_s float8, run_timeout_s int, cpu_millis int, memory_mb int, scope_key text,
        skip_reason text, work jsonb, scopes jsonb)),
    clock as materialized (select dispatch.now() as at),
    made as (
      insert into run (id, workspace_id, group_id, definition_id, revision, kind, trigger, created_by, idempotency_key,
        priority, lane, state, job_retries_max, infra_retries_max, is_idempotent, commit_mode, has_exclusive_source,
        not_before, queue_deadline, run_timeout_s, cpu_millis, memory_mb, rank, scope_key, created_at, queued_at,
        terminal_at, note)
      select w.id, w.workspace_id, w.group_id, w.definition_id, w.revision, w.kind, w.trigger, w.created_by,
        w.idempotency_key, w.priority, w.lane, ${firstState}, w.job_retries_max, w.infra_retries_max, w.is_idempotent,
        w.commit_mode, w.has_exclusive_source, clock.at + w.delay_s * interval '1 second',
        clock.at + (w.delay_s + w.queue_timeout_s) * interval '1 second', w.run_timeout_s, w.cpu_millis, w.memory_mb,
        extract(epoch from clock.at) - w.priority * ${AGING_S}, w.scope_key, clock.at, clock.at,
        case when w.skip_reason is not null then clock.at end, w.skip_reason
      from wanted w cross join clock
        join workspace on workspace.id = w.workspace_id and workspace.suspended_at is null
      on conflict (workspace_id, idempotency_key) do nothing
      returning id, workspace_id, idempotency_key),
    kept as (insert into run_work (run_id, work) select made.id, wanted.work from made join wanted using (id)),
    scoped as (
      insert into run_scope (run_id, scope_kind, scope_id)
      select made.id, s.kind, s.id from made join wanted using (id),
        jsonb_to_recordset(wanted.scopes) as s (kind text, id text)),
    told as (
      insert into queue_message (kind, run_id, workspace_id, available_at)
      select 'run', made.id, made.workspace_id, clock.at + wanted.delay_s * interval '1 second'
      from made join wanted using (id) cross join clock where skip_reason is null),
    event as (
      insert into run_event (run_id, seq, at, actor, transition, from_state, to_state)
      select made.id, 1, clock.at, w.created_by, 'T1', null, ${firstState}
      from made join wanted w using (id) cross join clock)
    select id, workspace_id, idempotency_key from made`.execute(db);
  const isMade = new Set(created.map(({ id }) => id));
  const others = rows.filter(({ id }) => !isMade.has(id));
  const known = await earlierRuns(db, others);
  return rows.map(({ id, workspace_id: workspace, idempotency_key: key }) => {
    if (isMade.has(id)) return { id, isNew: true };
    const earlier = known.get(`${workspace}\n${key ?? ''}`);
    if (earlier === undefined) throw new Refusal(runErrors.error('WORKSPACE_SUSPENDED', { workspace }), 409);
    return { id: earlier, isNew: false };
  });
}

type Keyed = { readonly workspace_id: string; readonly idempotency_key: string | null };

async function earlierRuns(db: Db, rows: readonly Keyed[]): Promise<ReadonlyMap<string, string>> {
  const keyed = rows.filter(({ idempotency_key: key }) => key !== null);
  if (keyed.length === 0) return new Map();
  const { rows: found } = await sql<Keyed & { id: string }>`
    select id, workspace_id, idempotency_key from run
    where (workspace_id, idempotency_key) in (
      ${sql.join(keyed.map((row) => sql`(${row.workspace_id}, ${row.idempotency_key})`))})`.execute(db);
  return new Map(found.map((row) => [`${row.workspace_id}\n${row.idempotency_key ?? ''}`, row.id]));
}

function rowOf(run: RunToCreate) {
  const { work } = run;
  return {
    id: newId(),
    workspace_id: run.workspaceId,
    group_id: run.groupId ?? null,
    definition_id: run.definitionId ?? null,
    revision: run.revision ?? null,
    kind: work.kind,
    trigger: run.trigger,
    created_by: run.createdBy,
    idempotency_key: run.idempotencyKey ?? null,
    priority: run.priority ?? 5,
    lane: run.lane ?? 'batch',
    job_retries_max: run.jobRetriesMax ?? (run.isIdempotent === true ? 2 : 0),
    infra_retries_max: run.infraRetriesMax ?? 5,
    is_idempotent: run.isIdempotent ?? false,
    commit_mode: work.commit_mode,
    has_exclusive_source: run.hasExclusiveSource ?? false,
    delay_s: run.delayS ?? 0,
    queue_timeout_s: run.queueTimeoutS ?? QUEUE_TIMEOUT_S,
    run_timeout_s: work.run_timeout_s,
    cpu_millis: work.cpu_millis,
    memory_mb: work.memory_mb,
    scope_key: scopeKey(run.scopes),
    skip_reason: run.skipReason ?? null,
    work,
  };
}
