/**
 * One step of a back-fill: what has ended is written down, and as many slots begin as may. A transaction each, in which
 * the definition is locked, as it is when the scheduler fires: so that a slot is decided on by one of them at a time,
 * and the row of the slot says once and for all which run it has. A crash leaves all of a step or nothing.
 */
import { sql } from 'kysely';
import { createRuns } from '#control/runs/create-run.ts';
import type { RunToCreate } from '#control/runs/create-run.ts';
import type { Db } from '#control/runs/transition-writer.ts';
import type { BackfillState, BackfillTable, FireDecision } from '#control/store/schedule-tables.ts';
import type { Selectable } from 'kysely';
import { nextSlot } from './next-slot.ts';
import { BACKFILL_ACTOR, slotText, timingOf } from './schedule-row.ts';
import type { ScheduleRow } from './schedule-row.ts';
import type { MakeRuns } from './scheduler-tick.ts';

export interface BackfillParts {
  readonly db: Db;
  readonly makeRuns: MakeRuns;
}

export interface BackfillResult {
  readonly created: number;
  readonly workspaces: ReadonlySet<string>;
}

/** Back-fills in one look. */
const OPEN_MAX = 200;
/** Slots that are looked at together, and in one step: those that need no run are many, sometimes. */
const BATCH = 200;
const LOOKED_MAX = 4000;

type Row = Selectable<BackfillTable>;

interface Locked extends Row {
  readonly schedule: ScheduleRow;
  readonly may_run: boolean;
}

/** A step of each back-fill that has something to do. */
export async function backfillSteps(parts: BackfillParts): Promise<BackfillResult> {
  const { rows } = await sql<{ id: string }>`
    select b.id from backfill b where b.ended_at is null and (
      (b.state = 'running' and (
        select count(*) from backfill_slot s where s.backfill_id = b.id and s.state = 'running') < b.concurrency)
      or (b.state <> 'running' and not exists (
        select from backfill_slot s where s.backfill_id = b.id and s.state in ('running', 'waiting')))
      or exists (
        select from backfill_slot s left join run r on r.id = s.run_id
        where s.backfill_id = b.id and s.state = 'running' and (r.id is null or r.terminal_at is not null)))
    order by b.id limit ${OPEN_MAX}`.execute(parts.db);
  let created = 0;
  const workspaces = new Set<string>();
  for (const { id } of rows) {
    const { makeRuns } = parts;
    const step = await parts.db.transaction().execute(async (trx) => new Step(trx, makeRuns).take(id));
    created += step.created;
    if (step.workspaceId !== undefined) workspaces.add(step.workspaceId);
  }
  return { created, workspaces };
}

class Step {
  readonly #trx: Db;
  readonly #makeRuns: MakeRuns;

  constructor(trx: Db, makeRuns: MakeRuns) {
    this.#trx = trx;
    this.#makeRuns = makeRuns;
  }

  async take(id: string): Promise<{ readonly created: number; readonly workspaceId?: string }> {
    const backfill = await this.#locked(id);
    // Somebody else is at it, or at its definition: the next look will do.
    if (backfill === undefined) return { created: 0 };
    let left = await this.#settle(backfill);
    let reason: string | null = null;
    let created = 0;
    if (backfill.state === 'running') {
      reason = await this.#hindrance(backfill, left);
      if (reason === null) ({ created, left } = await this.#begin(backfill, left));
    }
    await this.#write(backfill, { left, reason });
    return { created, workspaceId: backfill.workspace_id };
  }

  async #locked(id: string): Promise<Locked | undefined> {
    const { rows } = await sql<Locked>`
      select b.*, to_jsonb(s.*) as schedule, d.is_enabled and w.suspended_at is null as may_run
      from backfill b join schedule s on s.id = b.schedule_id join definition d on d.id = b.definition_id
        join workspace w on w.id = b.workspace_id
      where b.id = ${id} and b.ended_at is null
      for no key update of b, s, d skip locked`.execute(this.#trx);
    return rows[0];
  }

  /** How many failures in a row are left after what has ended. */
  async #settle({ id, failures_max: most, failures_left: before }: Row): Promise<number | null> {
    const { rows } = await sql<{ state: string; is_failure: boolean }>`
      with ended as (
        update backfill_slot s set
          state = case when r.state = 'SUCCEEDED' then 'done' else 'failed' end,
          reason = case when x.id is null then 'its run is not known any more' when r.state <> 'SUCCEEDED'
            then coalesce(r.failure_code, lower(r.state)) end
        from backfill_slot o left join run x on x.id = o.run_id
          left join run r on r.id = o.run_id and r.terminal_at is not null
        where o.backfill_id = ${id} and o.state = 'running' and (x.id is null or x.terminal_at is not null)
          and s.backfill_id = o.backfill_id and s.slot_utc = o.slot_utc
        returning s.state, coalesce(r.state, 'FAILED') = 'FAILED' as is_failure, r.terminal_at)
      select state, is_failure from ended order by terminal_at nulls first`.execute(this.#trx);
    return rows.reduce<number | null>((left, { state, is_failure: isFailure }) => {
      if (most === null || left === null) return null;
      if (state === 'done') return most;
      return isFailure ? left - 1 : left;
    }, before);
  }

  /** Why nothing begins now. */
  async #hindrance({ definition_id: definition, schedule, may_run: mayRun }: Locked, left: number | null) {
    if (left !== null && left <= 0) return TOO_MANY;
    if (!mayRun) return 'the definition is off, or the workspace is suspended';
    if (schedule.overlap === 'allow') return null;
    // The schedule goes first: its own runs, and its slots that wait for a run to end.
    const { rows } = await sql<{ is_busy: boolean }>`
      select exists (select from run where definition_id = ${definition} and terminal_at is null and lane = 'batch'
          and created_by not like ${`${BACKFILL_ACTOR}%`})
        or exists (select from schedule_fire f join schedule s on s.id = f.schedule_id
          where f.decision = 'waiting' and s.definition_id = ${definition}) as is_busy`.execute(this.#trx);
    return rows[0]?.is_busy === true ? 'a run of the schedule goes first' : null;
  }

  async #begin(
    backfill: Locked,
    failuresLeft: number | null,
  ): Promise<{ readonly created: number; readonly left: number | null }> {
    let free = backfill.concurrency - (await this.#running(backfill.id));
    let left = failuresLeft;
    let created = 0;
    for (let looked = 0; free > 0 && looked < LOOKED_MAX && (left === null || left > 0); looked += BATCH) {
      const slots = await this.#waiting(backfill);
      if (slots.length === 0) break;
      const wanted = slots.filter(({ passed }) => passed === null).slice(0, free);
      // Behind the last one that begins nothing is decided yet: what is done now may be different then.
      const end = wanted.length === free ? slots.indexOf(wanted[free - 1] as Candidate) + 1 : slots.length;
      const passed = slots.slice(0, end).filter((slot) => slot.passed !== null);
      await this.#decide(
        backfill.id,
        passed.map(({ at, passed: reason }) => ({ at, state: 'skipped', reason, run: null })),
      );
      const began = await this.#run(
        backfill,
        wanted.map(({ at }) => Date.parse(at)),
      );
      created += began.created;
      free -= began.created;
      if (left !== null) left -= began.failed;
      if (slots.length < BATCH) break;
    }
    return { created, left };
  }

  async #running(id: string): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from backfill_slot where backfill_id = ${id} and state = 'running'`.execute(
      this.#trx,
    );
    return rows[0]?.count ?? 0;
  }

  /** The next ones, each with why it is passed over. */
  async #waiting({ id, schedule, sequence, redoes_done: redoes }: Locked): Promise<readonly Candidate[]> {
    const direction = sql.raw(sequence === 'oldest_first' ? 'asc' : 'desc');
    const { rows } = await sql<FoundSlot>`
      select s.slot_utc as at, f.decision, f.run_id, coalesce(f.outcome, r.state) as run_state,
        r.id is not null and r.terminal_at is null as is_open
      from backfill_slot s left join schedule_fire f on f.schedule_id = ${schedule.id} and f.slot_utc = s.slot_utc
        left join run r on r.id = f.run_id
      where s.backfill_id = ${id} and s.state = 'waiting'
      order by s.slot_utc ${direction} limit ${BATCH}`.execute(this.#trx);
    return rows.map((row) => ({ at: row.at, passed: passedOver(row, redoes) }));
  }

  async #run(
    { id, schedule, workspace_id: workspaceId }: Locked,
    slots: readonly number[],
  ): Promise<{ readonly created: number; readonly failed: number }> {
    if (slots.length === 0) return { created: 0, failed: 0 };
    const made = await this.#makeRuns(
      this.#trx,
      slots.map((slotMs) => ({ schedule, slotMs })),
    );
    const runs: RunToCreate[] = [];
    const begun: number[] = [];
    const decided: Decided[] = [];
    for (const [index, slotMs] of slots.entries()) {
      const run = made[index] ?? 'there is nothing to run';
      const at = slotText(slotMs);
      if (typeof run === 'string') {
        decided.push({ at, state: 'failed', reason: run, run: null });
        continue;
      }
      const createdBy = BACKFILL_ACTOR + id;
      runs.push({ ...run, workspaceId, trigger: 'schedule', createdBy, idempotencyKey: `${createdBy}:${at}` });
      begun.push(slotMs);
    }
    const created = runs.length === 0 ? [] : await createRuns(this.#trx, runs);
    const begunSlots = begun.map((slotMs, index) => ({ slotMs, run: created[index]?.id ?? null }));
    await this.#recordFires(schedule, begunSlots);
    const running = begunSlots.map(({ slotMs, run }) => ({
      at: slotText(slotMs),
      state: 'running',
      reason: null,
      run,
    }));
    await this.#decide(id, [...decided, ...running]);
    return { created: created.length, failed: decided.length };
  }

  /** The one row of each slot tells of this run from now on. */
  async #recordFires(
    schedule: ScheduleRow,
    begun: readonly { readonly slotMs: number; readonly run: string | null }[],
  ): Promise<void> {
    if (begun.length === 0) return;
    const timing = timingOf(schedule);
    const rows = begun.map(({ slotMs, run }) => {
      const slot = nextSlot(timing, slotMs - 1);
      return { at: slotText(slotMs), run, shifted: slot?.at === slotMs && slot.isShifted };
    });
    await sql`
      insert into schedule_fire (schedule_id, slot_utc, decision, is_shifted, run_id)
      select ${schedule.id}::text, w.at, 'backfilled', w.shifted, w.run
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (at timestamptz, run text, shifted boolean)
      on conflict (schedule_id, slot_utc) do update set decision = 'backfilled', run_id = excluded.run_id,
        reason = null, outcome = null, decided_at = dispatch.now()`.execute(this.#trx);
  }

  async #decide(id: string, decided: readonly Decided[]): Promise<void> {
    if (decided.length === 0) return;
    await sql`update backfill_slot s set state = w.state, reason = w.reason, run_id = coalesce(w.run, s.run_id)
      from jsonb_to_recordset(${JSON.stringify(decided)}::jsonb)
        as w (at timestamptz, state text, reason text, run text)
      where s.backfill_id = ${id} and s.slot_utc = w.at`.execute(this.#trx);
  }

  async #write(
    { id, state, failures_left: before, reason: told }: Row,
    { left, reason }: { readonly left: number | null; readonly reason: string | null },
  ): Promise<void> {
    const { rows } = await sql<{ has_waiting: boolean; has_running: boolean }>`
      select exists (select from backfill_slot where backfill_id = ${id} and state = 'waiting') as has_waiting,
        exists (select from backfill_slot where backfill_id = ${id} and state = 'running') as has_running`.execute(
      this.#trx,
    );
    const { has_waiting: hasWaiting = false, has_running: hasRunning = false } = rows[0] ?? {};
    const isOver = !hasWaiting && !hasRunning;
    const next = nextState(state, isOver, left);
    const why = whyOf(next, { state, told, reason });
    if (next === state && left === before && why === told && !isOver) return;
    await sql`update backfill set state = ${next}, reason = ${why}, failures_left = ${left},
        version = version + ${next === state ? 0 : 1}::int, updated_at = dispatch.now(),
        ended_at = case when ${isOver}::boolean then dispatch.now() end
      where id = ${id}`.execute(this.#trx);
  }
}

function nextState(state: BackfillState, isOver: boolean, failuresLeft: number | null): BackfillState {
  if (isOver) return state === 'canceled' ? 'canceled' : 'done';
  return state === 'running' && failuresLeft !== null && failuresLeft <= 0 ? 'paused' : state;
}

function whyOf(
  next: BackfillState,
  {
    state,
    told,
    reason,
  }: { readonly state: BackfillState; readonly told: string | null; readonly reason: string | null },
): string | null {
  if (next === 'running') return reason;
  if (next === state) return told;
  return next === 'paused' ? TOO_MANY : null;
}

const TOO_MANY = 'too many slots in a row failed';

interface FoundSlot {
  readonly at: string;
  readonly decision: FireDecision | null;
  readonly run_id: string | null;
  readonly run_state: string | null;
  readonly is_open: boolean;
}

interface Candidate {
  readonly at: string;
  /** Null: it is to run. */
  readonly passed: string | null;
}

interface Decided {
  readonly at: string;
  readonly state: string;
  readonly reason: string | null;
  readonly run: string | null;
}

/** Never two runs of a slot at the same time; and after one that has succeeded only when that is asked for. */
function passedOver(
  { decision, run_id: runId, run_state: state, is_open: isOpen }: FoundSlot,
  redoes: boolean,
): string | null {
  if (decision === 'waiting') return 'it waits for another run to end';
  if (isOpen) return `it runs: ${runId}`;
  return state === 'SUCCEEDED' && !redoes ? `it has succeeded: ${runId ?? ''}` : null;
}
