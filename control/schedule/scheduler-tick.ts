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
import { BACKFILL_ACTOR, slotKey, slotText, timingOf } from './schedule-row.ts';
import type { ScheduleRow } from './schedule-row.ts';
import { switchOff } from './switch-off.ts';

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
    const done = await look.fire(rows);
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

interface OpenRun {
  readonly id: string;
  /** Somebody asked for an older slot: the schedule waits for it, and neither skips because of it nor ends it. */
  readonly isBackfill: boolean;
}

/** Stands for a run of this look that is not created yet. */
const pending: OpenRun = { id: 'a run that begins now', isBackfill: false };

interface Planned {
  readonly row: ScheduleRow;
  readonly plan: FirePlan;
}

class Look {
  readonly #trx: Db;
  readonly #parts: TickParts;
  /** Runs of each definition that are not over. */
  readonly #open = new Map<string, OpenRun[]>();
  #pending: WantedRun[] = [];
  #decided: Decided[] = [];
  readonly workspaces = new Set<string>();
  created = 0;

  constructor(trx: Db, parts: TickParts) {
    this.#trx = trx;
    this.#parts = parts;
  }

  /** Of definitions that are locked: nobody else's schedule starts one meanwhile. */
  async lookAtOpen(rows: readonly ScheduleRow[]): Promise<void> {
    const ids = [...new Set(rows.map((row) => row.definition_id))].filter((id) => !this.#open.has(id));
    for (const id of ids) this.#open.set(id, []);
    if (ids.length === 0) return;
    const { rows: found } = await sql<{ id: string; definition_id: string; created_by: string }>`
      select id, definition_id, created_by from run
      where definition_id = any(${ids}::text[]) and terminal_at is null and lane = 'batch' order by id`.execute(
      this.#trx,
    );
    for (const { id, definition_id: definition, created_by: by } of found) {
      this.#open.get(definition)?.push({ id, isBackfill: by.startsWith(BACKFILL_ACTOR) });
    }
  }

  /** Returns how many of them it came to; a statement for all of them, whatever their number. */
  async fire(rows: readonly (ScheduleRow & { readonly now: string })[]): Promise<number> {
    const planned: Planned[] = [];
    let slots = 0;
    let done = 0;
    for (const row of rows) {
      if (slots >= SLOTS_MAX) break;
      const plan = await this.#plan(row);
      done += 1;
      if (plan === undefined) continue;
      slots += plan.fires.length;
      planned.push({ row, plan });
    }
    if (planned.length === 0) return done;
    const isNew = await this.#record(planned);
    for (const { row, plan } of planned) {
      for (const { slot, skip } of plan.fires) {
        if (skip === undefined && isNew.has(fireKey(row.id, slot.at))) await this.#overlap(row, slot.at);
      }
    }
    await this.#goOn(planned);
    return done;
  }

  async #plan(row: ScheduleRow & { readonly now: string }): Promise<FirePlan | undefined> {
    try {
      return planFires(timingOf(row), Date.parse(row.next_slot_utc), Date.parse(row.now), {
        catchup: row.catchup,
        catchupMax: row.catchup_max,
        maxLatenessS: row.max_lateness_s,
      });
    } catch (error) {
      // One that cannot be read must not hold up the others.
      await switchOff(this.#trx, row, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** What waited for the run before it. */
  release(row: ScheduleRow, slot: number): void {
    // The one released before it may be of the same definition.
    if (this.#openOf(row).length === 0) this.#create(row, slot);
  }

  /** The slots that nobody had decided on; those that are to fire wait for the next steps of this transaction. */
  async #record(planned: readonly Planned[]): Promise<ReadonlySet<string>> {
    const rows = planned.flatMap(({ row, plan }) => plan.fires.map((fire) => fireRow(row.id, fire)));
    const { rows: added } = await sql<{ schedule_id: string; slot_utc: string }>`
      insert into schedule_fire (schedule_id, slot_utc, decision, reason, is_shifted)
      select w.schedule, w.at, w.decision, w.reason, w.shifted
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as w (schedule text, at timestamptz, decision text, reason text, shifted boolean)
      on conflict do nothing returning schedule_id, slot_utc`.execute(this.#trx);
    return new Set(added.map(({ schedule_id: id, slot_utc: at }) => fireKey(id, Date.parse(at))));
  }

  async #goOn(planned: readonly Planned[]): Promise<void> {
    const rows = planned.map(({ row, plan: { next } }) => ({
      id: row.id,
      next: next === undefined ? null : slotText(next),
    }));
    await sql`update schedule set next_slot_utc = w.next
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (id text, next timestamptz)
      where schedule.id = w.id`.execute(this.#trx);
  }

  async #overlap(row: ScheduleRow, slot: number): Promise<void> {
    const open = row.overlap === 'allow' ? [] : this.#openOf(row);
    if (row.overlap === 'cancel_previous') {
      await this.#supersedeWaiting(row, slot);
      // What had not begun is over at once; what runs is waited for.
      if (open.length > 0 && (await this.#stopOpen(row)).length > 0) return;
    } else if (open.length > 0) {
      const run = open.find(({ isBackfill }) => !isBackfill);
      if (row.overlap === 'skip' && run !== undefined) this.#skip(row, slot, `it runs: ${run.id}`);
      else if (await this.#hasWaiting(row, slot)) this.#skip(row, slot, 'another one waits');
      return;
    }
    this.#create(row, slot);
  }

  #openOf({ definition_id: id }: ScheduleRow): OpenRun[] {
    const open = this.#open.get(id) ?? [];
    this.#open.set(id, open);
    return open;
  }

  #create(schedule: ScheduleRow, slotMs: number): void {
    this.#pending.push({ schedule, slotMs });
    this.#openOf(schedule).push(pending);
  }

  async #stopOpen(row: ScheduleRow): Promise<readonly OpenRun[]> {
    const { transitions, actor } = this.#parts;
    await this.flush();
    await this.#lookAgain(row);
    const own = this.#openOf(row).filter(({ isBackfill }) => !isBackfill);
    for (const { id: runId } of own.slice(0, OPEN_MAX)) {
      await stopRun(this.#trx, transitions, { runId, actor, reason: 'superseded' });
    }
    await this.#lookAgain(row);
    return this.#openOf(row);
  }

  async #lookAgain(row: ScheduleRow): Promise<void> {
    this.#open.delete(row.definition_id);
    await this.lookAtOpen([row]);
  }

  /** Creates what is to run and writes what was decided, all at once. */
  async flush(): Promise<void> {
    const wanted = this.#pending;
    this.#pending = [];
    const made = wanted.length === 0 ? [] : await this.#parts.makeRuns(this.#trx, wanted);
    const runs: RunToCreate[] = [];
    const fired: WantedRun[] = [];
    for (const [index, { schedule, slotMs }] of wanted.entries()) {
      const run = made[index] ?? 'there is nothing to run';
      if (typeof run === 'string') {
        this.#skip(schedule, slotMs, run);
        continue;
      }
      const idempotencyKey = slotKey(schedule.id, slotMs);
      const createdBy = `schedule:${schedule.id}`;
      runs.push({ ...run, trigger: 'schedule', createdBy, idempotencyKey, delayS: jitterOf(schedule, slotMs) });
      fired.push({ schedule, slotMs });
      this.workspaces.add(schedule.workspace_id);
    }
    const created = runs.length === 0 ? [] : await createRuns(this.#trx, runs);
    this.created += created.length;
    for (const [index, { schedule, slotMs }] of fired.entries()) {
      const run = created[index]?.id ?? null;
      this.#decided.push({ schedule: schedule.id, at: slotText(slotMs), decision: 'fired', reason: null, run });
    }
    await this.#writeDecided();
  }

  #skip({ id }: ScheduleRow, slot: number, reason: string): void {
    this.#decided.push({ schedule: id, at: slotText(slot), decision: 'skipped', reason, run: null });
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

  async #writeDecided(): Promise<void> {
    const decided = this.#decided;
    this.#decided = [];
    if (decided.length === 0) return;
    await sql`update schedule_fire f
      set decision = w.decision, reason = coalesce(w.reason, f.reason), run_id = w.run, decided_at = dispatch.now()
      from jsonb_to_recordset(${JSON.stringify(decided)}::jsonb)
        as w (schedule text, at timestamptz, decision text, reason text, run text)
      where f.schedule_id = w.schedule and f.slot_utc = w.at`.execute(this.#trx);
  }
}

function fireKey(scheduleId: string, at: number): string {
  return `${scheduleId} ${at}`;
}

function fireRow(schedule: string, { slot, skip }: PlannedFire) {
  return {
    schedule,
    at: slotText(slot.at),
    decision: skip === undefined ? 'waiting' : 'skipped',
    reason: skip ?? (slot.absent.length > 0 ? `there is no ${slot.absent.join(', ')}` : null),
    shifted: slot.isShifted,
  };
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
