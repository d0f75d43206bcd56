/** What becomes of a run while another one of its definition has not ended: the definition says it. */
import { sql } from 'kysely';
import { overlap as overlapSchema } from '#api/resources/transfer.ts';
import type { Overlap } from '#api/resources/transfer.ts';
import { createRun } from './create-run.ts';
import type { CreatedRun, RunToCreate } from './create-run.ts';
import { stopRun } from './stop-run.ts';
import type { Db, TransitionWriter } from './transition-writer.ts';

/** Runs of one definition that a newer one ends. */
const OPEN_MAX = 1000;

export interface InTurn extends CreatedRun {
  /** Runs that were told to stop for it. */
  readonly stopped: readonly string[];
}

/** The scope in which one run of the definition goes at a time. */
export function turnScope(definitionId: string): { readonly kind: 'definition'; readonly id: string } {
  return { kind: 'definition', id: `${definitionId}/one` };
}

export async function createInTurn(
  db: Db,
  transitions: TransitionWriter,
  run: RunToCreate & { readonly definitionId: string },
): Promise<InTurn> {
  return db.transaction().execute(async (trx) => {
    const overlap = await lockedOverlap(trx, run.definitionId);
    const known = await earlierRun(trx, run);
    // Asked for again, it does not stand in its own way.
    if (known !== undefined) return { id: known, isNew: false, stopped: [] };
    if (overlap === 'allow') return { ...(await createRun(trx, run)), stopped: [] };
    const open = await openRuns(trx, run.definitionId);
    const [first] = open;
    const isFull = overlap === 'skip' ? open.length > 0 : overlap === 'queue_one' && open.length > 1;
    if (isFull && first !== undefined) {
      const skipReason = `The run ${first} of this transfer has not ended, and it runs one at a time (overlap: ${overlap}).`;
      return { ...(await createRun(trx, { ...run, skipReason })), stopped: [] };
    }
    if (overlap === 'skip') return { ...(await createRun(trx, run)), stopped: [] };
    if (overlap === 'cancel_previous') {
      for (const runId of open) await stopRun(trx, transitions, { runId, actor: run.createdBy, reason: 'superseded' });
    }
    await takeTurns(trx, run.definitionId);
    const waiting = { ...run, scopes: [...run.scopes, turnScope(run.definitionId)] };
    return { ...(await createRun(trx, waiting)), stopped: overlap === 'cancel_previous' ? open : [] };
  });
}

/** Nobody else creates a run of it meanwhile: neither by hand nor on schedule. */
async function lockedOverlap(trx: Db, definitionId: string): Promise<Overlap> {
  const { rows } = await sql<{ overlap: string | null }>`
    select run_options ->> 'overlap' as overlap from definition where id = ${definitionId} for no key update`.execute(
    trx,
  );
  const read = overlapSchema.safeParse(rows[0]?.overlap);
  // What an older release kept says nothing.
  return read.success ? read.data : 'skip';
}

async function earlierRun(trx: Db, { workspaceId, idempotencyKey }: RunToCreate): Promise<string | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const { rows } = await sql<{ id: string }>`select id from run
    where workspace_id = ${workspaceId} and idempotency_key = ${idempotencyKey}`.execute(trx);
  return rows[0]?.id;
}

async function openRuns(trx: Db, definitionId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`select id from run
    where definition_id = ${definitionId} and terminal_at is null and lane = 'batch'
    order by id limit ${OPEN_MAX}`.execute(trx);
  return rows.map(({ id }) => id);
}

/** From now on one at a time; those that were created otherwise, or run already, among them. */
async function takeTurns(trx: Db, definitionId: string): Promise<void> {
  const { kind, id } = turnScope(definitionId);
  await sql`insert into seat_limit (scope_kind, scope_id, seats, label)
    select ${kind}, ${id}, 1, 'one run at a time of ' || name from definition where id = ${definitionId}
    on conflict do nothing`.execute(trx);
  const open = sql`run.definition_id = ${definitionId} and run.terminal_at is null and run.lane = 'batch'`;
  await sql`insert into run_scope (run_id, scope_kind, scope_id)
    select id, ${kind}, ${id} from run where ${open} on conflict do nothing`.execute(trx);
  await sql`insert into seat (scope_kind, scope_id, seat_no, run_id, attempt_no)
    select ${kind}, ${id}, row_number() over (order by run.id), run.id, attempt.no
    from run join attempt on attempt.run_id = run.id and attempt.quiesced_at is null
    where ${open} and not exists (select from seat where scope_kind = ${kind} and scope_id = ${id})
    on conflict do nothing`.execute(trx);
}
