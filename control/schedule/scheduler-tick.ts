/**
 * One look at the schedules that are due. Everything about them happens in one transaction: what is decided on a slot,
 * the run of it, and where the schedule goes on; so that a crash leaves all or nothing. Schedules and definitions that
 * somebody else holds are passed over till the next look. That a slot fires once rests on the row of the slot alone.
 */
import { sql } from 'kysely';
import { createRuns } from '#control/runs/create-run.ts';
import type { RunToCreate } from '#control/runs/create-run.ts';
import { stopRun } from '#control/runs/stop-run.ts';
import type { Db, TransitionWriter } from '#control/runs/transition-writer.ts';
import type { FireDecision } from '#control/store/schedule-tables.ts';
import { planFires } from './fire-plan.ts';
import type { FirePlan, PlannedFire } from './fire-plan.ts';
import { slotKey, slotText, timingOf } from './schedule-row.ts';
import type { ScheduleRow } from './schedule-row.ts';

export interface WantedRun {
  readonly schedule: ScheduleRow;
  readonly slotMs: number;
}

export type ScheduledRun = Omit<RunToCreate, 'trigger' | 'createdBy' | 'idempotencyKey' | 'delayS'>;

/** What slots run; a text says why one cannot. Within the transaction, with the definitions locked. */
export type MakeRuns = (db: Db, wanted: readonly WantedRun[]) => Promise<readonly (ScheduledRun | string)[]>;

export interface TickParts {
  readonly db: Db;
  readonly transitions: TransitionWriter;
  readonly makeRuns: MakeRuns;
  readonly actor: string;
}

export interface TickResult {
  readonly created: number;
  /** Some are due still. */
  readonly hasMore: boolean;
  readonly workspaces: ReadonlySet<string>;
}

const SCHEDULES_MAX = 500;
/** Rows of slots in one transaction; the schedules behind wait for the next. */
const SLOTS_MAX = 5000;
/** Runs of one definition that a newer one ends. */
const OPEN_MAX = 1000;

export async function schedulerTick(parts: TickParts): Promise<TickResult> {
  return parts.db.transaction().execute(async (trx) => {
    const look = new Look(trx, parts);
    const waiting = await waitingFires(trx);
    await look.lookAtOpen(waiting);
    for (const { slot_utc: slotUtc, ...row } of waiting) look.release(row, Date.parse(slotUtc));
    const { rows } = await sql<ScheduleRow & { now: string }>`
      select s.*, (select dispatch.now()) as now
      from schedule s join definition d on d.id = s.definition_id join workspace w on w.id = s.workspace_id
      where s.is_enabled and s.next_slot_utc <= (select dispatch.now()) and d.is_enabled and w.suspended_at is null
      order by s.next_slot_utc limit ${SCHEDULES_MAX}
      for no key update of s, d skip locked`.execute(trx);
    await look.lookAtOpen(rows);
    let done = 0;
    for (const row of rows) {
      if (look.slots >= SLOTS_MAX) break;
      await look.fire(row, Date.parse(row.now));
      done += 1;
    }
    await look.flush();
    const hasMore = done < rows.length || rows.length === SCHEDULES_MAX || waiting.length === SCHEDULES_MAX;
    return { created: look.created, hasMore, workspaces: look.workspaces };
  });
}

/** Those whose definition does not run any more. */
async function waitingFires(trx: Db): Promise<readonly (ScheduleRow & { readonly slot_utc: string })[]> {
  const { rows } = await sql<ScheduleRow & { slot_utc: string }>`
    select s.*, f.slot_utc
    from schedule_fire f join schedule s on s.id = f.schedule_id join definition d on d.id = s.definition_id
      join workspace w on w.id = s.workspace_id
    where f.decision = 'waiting' and w.suspended_at is null and d.is_enabled and not exists (
      select from run where run.definition_id = d.id and run.terminal_at is null and run.lane = 'batch')
    order by f.slot_utc limit ${SCHEDULES_MAX}
    for no key update of f, s, d skip locked`.execute(trx);
  return rows;
}

/** Stands for a run of this look that is not created yet. */
const PENDING = 'a run that begins now';

class Look {
  readonly #trx: Db;
  readonly #parts: TickParts;
  /** Runs of each definition that are not over. */
  readonly #open = new Map<string, string[]>();
  #pending: WantedRun[] = [];
  readonly workspaces = new Set<string>();
  created = 0;
  slots = 0;

  constructor(trx: Db, parts: TickParts) {
    this.#trx = trx;
    this.#parts = parts;
  }

  /** Of definitions that are locked: nobody else's schedule starts one meanwhile. */
  async lookAtOpen(rows: readonly ScheduleRow[]): Promise<void> {
    const ids = [...new Set(rows.map((row) => row.definition_id))].filter((id) => !this.#open.has(id));
    for (const id of ids) this.#open.set(id, []);
    if (ids.length === 0) return;
    const { rows: found } = await sql<{ id: string; definition_id: string }>`
      select id, definition_id from run
      where definition_id = any(${ids}::text[]) and terminal_at is null and lane = 'batch' order by id`.execute(
      this.#trx,
    );
    for (const { id, definition_id: definition } of found) this.#open.get(definition)?.push(id);
  }

  async fire(row: ScheduleRow, now: number): Promise<void> {
    let plan: FirePlan;
    try {
      plan = planFires(timingOf(row), Date.parse(row.next_slot_utc), now, {
        catchup: row.catchup,
        catchupMax: row.catchup_max,
        maxLatenessS: row.max_lateness_s,
      });
    } catch (error) {
      // One that cannot be read must not hold up the others.
      const reason = error instanceof Error ? error.message : String(error);
      await sql`update schedule set is_enabled = false, off_reason = ${reason} where id = ${row.id}`.execute(this.#trx);
      return;
    }
    const { fires, next } = plan;
    this.slots += fires.length;
    const isNew = await this.#record(row.id, fires);
    for (const { slot, skip } of fires) {
      if (skip === undefined && isNew.has(slot.at)) await this.#overlap(row, slot.at);
    }
    await sql`update schedule set next_slot_utc = ${next === undefined ? null : slotText(next)}
      where id = ${row.id}`.execute(this.#trx);
  }

  /** What waited for the run before it. */
  release(row: ScheduleRow, slot: number): void {
    // The one released before it may be of the same definition.
    if (this.#openOf(row).length === 0) this.#create(row, slot);
  }

  /** The slots that nobody had decided on; those that are to fire wait for the next steps of this transaction. */
  async #record(scheduleId: string, fires: readonly PlannedFire[]): Promise<ReadonlySet<number>> {
    const rows = fires.map(({ slot, skip }) => ({
      at: slotText(slot.at),
      decision: skip === undefined ? 'waiting' : 'skipped',
      reason: skip ?? (slot.absent.length > 0 ? `there is no ${slot.absent.join(', ')}` : null),
      shifted: slot.isShifted,
    }));
    const { rows: added } = await sql<{ slot_utc: string }>`
      insert into schedule_fire (schedule_id, slot_utc, decision, reason, is_shifted)
      select ${scheduleId}, w.at, w.decision, w.reason, w.shifted
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as w (at timestamptz, decision text, reason text, shifted boolean)
      on conflict do nothing returning slot_utc`.execute(this.#trx);
    return new Set(added.map(({ slot_utc: at }) => Date.parse(at)));
  }

  async #overlap(row: ScheduleRow, slot: number): Promise<void> {
    const open = row.overlap === 'allow' ? [] : this.#openOf(row);
    if (row.overlap === 'cancel_previous') {
      await this.#supersedeWaiting(row, slot);
      // What had not begun is over at once; what runs is waited for.
      if (open.length > 0 && (await this.#stopOpen(row)).length > 0) return;
    } else if (open.length > 0) {
      if (row.overlap === 'skip') await this.#skip(row, slot, `it runs: ${open[0]}`);
      else if (await this.#hasWaiting(row, slot)) await this.#skip(row, slot, 'another one waits');
      return;
    }
    this.#create(row, slot);
  }

  #openOf({ definition_id: id }: ScheduleRow): string[] {
    const open = this.#open.get(id) ?? [];
    this.#open.set(id, open);
    return open;
  }

  #create(schedule: ScheduleRow, slotMs: number): void {
    this.#pending.push({ schedule, slotMs });
    this.#openOf(schedule).push(PENDING);
  }

  async #stopOpen(row: ScheduleRow): Promise<readonly string[]> {
    const { transitions, actor } = this.#parts;
    await this.flush();
    await this.#lookAgain(row);
    for (const runId of this.#openOf(row).slice(0, OPEN_MAX)) {
      await stopRun(this.#trx, transitions, { runId, actor, reason: 'superseded' });
    }
    await this.#lookAgain(row);
    return this.#openOf(row);
  }

  async #lookAgain(row: ScheduleRow): Promise<void> {
    this.#open.delete(row.definition_id);
    await this.lookAtOpen([row]);
  }

  /** Creates what is to run, all at once. */
  async flush(): Promise<void> {
    const wanted = this.#pending;
    this.#pending = [];
    if (wanted.length === 0) return;
    const made = await this.#parts.makeRuns(this.#trx, wanted);
    const runs: RunToCreate[] = [];
    const decided: Decided[] = [];
    for (const [index, { schedule, slotMs }] of wanted.entries()) {
      const run = made[index] ?? 'there is nothing to run';
      const slot = { schedule: schedule.id, at: slotText(slotMs) };
      if (typeof run === 'string') decided.push({ ...slot, decision: 'skipped', reason: run, run: null });
      else {
        const idempotencyKey = slotKey(schedule.id, slotMs);
        const createdBy = `schedule:${schedule.id}`;
        runs.push({ ...run, trigger: 'schedule', createdBy, idempotencyKey, delayS: jitterOf(schedule, slotMs) });
        decided.push({ ...slot, decision: 'fired', reason: null, run: String(runs.length - 1) });
        this.workspaces.add(schedule.workspace_id);
      }
    }
    const created = runs.length === 0 ? [] : await createRuns(this.#trx, runs);
    this.created += created.length;
    await this.#decide(decided.map((each) => ({ ...each, run: created[Number(each.run ?? -1)]?.id ?? null })));
  }

  #skip({ id }: ScheduleRow, slot: number, reason: string): Promise<void> {
    return this.#decide([{ schedule: id, at: slotText(slot), decision: 'skipped', reason, run: null }]);
  }

  async #hasWaiting({ id }: ScheduleRow, slot: number): Promise<boolean> {
    // What begins now waits no more.
    await this.flush();
    const { rows } = await sql`select from schedule_fire
      where schedule_id = ${id} and decision = 'waiting' and slot_utc < ${slotText(slot)} limit 1`.execute(this.#trx);
    return rows.length > 0;
  }

  async #supersedeWaiting({ id }: ScheduleRow, slot: number): Promise<void> {
    await sql`update schedule_fire set decision = 'skipped', reason = 'a later one is due'
      where schedule_id = ${id} and decision = 'waiting' and slot_utc < ${slotText(slot)}`.execute(this.#trx);
  }

  async #decide(decided: readonly Decided[]): Promise<void> {
    await sql`update schedule_fire f
      set decision = w.decision, reason = coalesce(w.reason, f.reason), run_id = w.run, decided_at = dispatch.now()
      from jsonb_to_recordset(${JSON.stringify(decided)}::jsonb)
        as w (schedule text, at timestamptz, decision text, reason text, run text)
      where f.schedule_id = w.schedule and f.slot_utc = w.at`.execute(this.#trx);
  }
}

interface Decided {
  readonly schedule: string;
  readonly at: string;
  readonly decision: FireDecision;
  readonly reason: string | null;
  readonly run: string | null;
}

/** The same for a slot whoever decides on it, and spread over what may be. */
function jitterOf({ id, jitter_s: most }: ScheduleRow, slot: number): number {
  if (most === 0) return 0;
  let hash = 0;
  for (const letter of `${id}${slot}`) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  return hash % (most + 1);
}
