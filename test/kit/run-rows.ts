/** Runs as rows, for tests of what is around them: written at once, without a queue or a dispatcher. */
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import type { RunState } from '#api/resources/run.ts';
import { terminalStates } from '#api/resources/run.ts';
import type { NewRun, RunCommands } from '#control/runs/run-commands.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';

/** Creates runs that wait for ever, and ends those that are canceled. */
export function rowCommands({ db }: Pick<Store, 'db'>): RunCommands {
  return {
    async create(run) {
      const { idempotencyKey = null } = run;
      if (idempotencyKey !== null) {
        const known = await db
          .selectFrom('run')
          .select('id')
          .where('workspace_id', '=', run.workspaceId)
          .where('idempotency_key', '=', idempotencyKey)
          .executeTakeFirst();
        if (known !== undefined) return { runId: known.id, isNew: false };
      }
      return { runId: await insertRun(db, run), isNew: true };
    },
    async cancel(runId, { workspaceId }) {
      const run = await db
        .selectFrom('run')
        .select('state')
        .where('id', '=', runId)
        .where('workspace_id', '=', workspaceId)
        .executeTakeFirst();
      if (run === undefined) return undefined;
      if (terminalStates.includes(run.state)) return 'ended';
      await moveRun(db, runId, 'CANCELED');
      return 'canceled';
    },
    async cancelMany(runIds, options) {
      const outcome = { canceled: 0, canceling: 0, tooLate: 0, ended: 0 };
      for (const id of runIds) {
        const each = await this.cancel(id, options);
        if (each === 'canceled') outcome.canceled += 1;
        if (each === 'ended') outcome.ended += 1;
      }
      return outcome;
    },
  };
}

async function insertRun(db: Store['db'], run: NewRun): Promise<string> {
  const id = newId();
  const now = sql<string>`dispatch.now()`;
  await db
    .insertInto('run')
    .values({
      id,
      workspace_id: run.workspaceId,
      group_id: run.groupId,
      definition_id: run.definitionId,
      revision: run.revision,
      kind: run.kind,
      trigger: run.trigger,
      created_by: run.createdBy,
      idempotency_key: run.idempotencyKey ?? null,
      priority: run.priority,
      lane: run.lane,
      state: 'QUEUED',
      is_idempotent: run.isIdempotent,
      job_retries_max: run.jobRetriesMax,
      not_before: now,
      queue_deadline: sql<string>`dispatch.now() + make_interval(secs => ${run.queueTimeoutS})`,
      rank: 0,
      scope_key: '',
      run_timeout_s: run.work.run_timeout_s,
      cpu_millis: run.work.cpu_millis,
      memory_mb: run.work.memory_mb,
      created_at: now,
      queued_at: now,
    })
    .execute();
  await db
    .insertInto('run_work')
    .values({ run_id: id, work: json(run.work) })
    .execute();
  await db
    .insertInto('run_scope')
    .values(run.scopes.map((scope) => ({ run_id: id, scope_kind: scope.kind, scope_id: scope.id })))
    .execute();
  await addEvent(db, id, { transition: 'T1', from: null, to: 'QUEUED' });
  return id;
}

/** Writes the state, and the event of it. */
export async function moveRun(db: Store['db'], id: string, to: RunState): Promise<void> {
  const { state: from } = await db.selectFrom('run').select('state').where('id', '=', id).executeTakeFirstOrThrow();
  const isTerminal = terminalStates.includes(to);
  await db
    .updateTable('run')
    .set({ state: to, version: sql<number>`version + 1`, terminal_at: isTerminal ? sql<string>`dispatch.now()` : null })
    .where('id', '=', id)
    .execute();
  await addEvent(db, id, { transition: 'T', from, to });
}

async function addEvent(
  db: Store['db'],
  id: string,
  { transition, from, to }: { transition: string; from: RunState | null; to: RunState },
): Promise<void> {
  await sql`
    insert into run_event (run_id, seq, at, actor, transition, from_state, to_state)
    select ${id}::text, coalesce(max(seq), 0) + 1, dispatch.now(), 'test', ${transition}::text, ${from}::text, ${to}::text
    from run_event where run_id = ${id}`.execute(db);
}

/** A chunk of a log, as a runner packs it. */
export async function addLog(
  db: Store['db'],
  runId: string,
  { attemptNo = 1, seq, executionId, lines }: { attemptNo?: number; seq: number; executionId: string; lines: string[] },
): Promise<void> {
  const content = gzipSync(lines.map((line) => `${line}\n`).join(''));
  await db
    .insertInto('log_chunk')
    .values({
      run_id: runId,
      attempt_no: attemptNo,
      execution_id: executionId,
      seq,
      at: sql<string>`dispatch.now()`,
      line_count: lines.length,
      size_bytes: content.length,
      content,
    })
    .execute();
}
