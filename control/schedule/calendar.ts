/**
 * What became of each slot of a range: the slots that the schedule has, and the rows of those that were decided on.
 * Both are read in the order of time, the rows by the key of the schedule; runs only of slots whose run is not over.
 */
import { sql } from 'kysely';
import type { CalendarQuery } from '#api/endpoints/schedules.ts';
import type { Calendar, CalendarSlot, SlotStatus } from '#api/resources/schedule.ts';
import { Refusal } from '#control/http/refusal.ts';
import type { FireDecision } from '#control/store/schedule-tables.ts';
import type { Store } from '#control/store/store.ts';
import { scheduleErrors } from './errors.ts';
import { localTime } from './firings.ts';
import { slotsUntil } from './next-slot.ts';
import type { Slot } from './next-slot.ts';
import { databaseNow } from './schedule-changes.ts';
import type { FullRow } from './schedule-resource.ts';
import { slotText, timingOf } from './schedule-row.ts';

const DAY_MS = 86_400_000;
/** So long slots are known, too. */
export const RANGE_DAYS_MAX = 400;

interface FireRow {
  readonly slot_utc: string;
  readonly decision: FireDecision;
  readonly reason: string | null;
  readonly is_shifted: boolean;
  readonly run_id: string | null;
  /** Of the run; null when it is not known any more. */
  readonly run_state: string | null;
}

export async function calendarOf(db: Store['db'], schedule: FullRow, query: CalendarQuery): Promise<Calendar> {
  const range = checkedRange(query);
  const { limit } = query;
  const fires = await firesIn(db, schedule.id, { ...range, limit });
  const now = await databaseNow(db);
  const slots = merged(schedule, fires, { ...range, limit });
  const shown = slots.slice(0, limit);
  const zone = schedule.time_zone;
  const since = Date.parse(schedule.enabled_from);
  const items = shown.map((each) => calendarSlot(each, { zone, now, since }));
  const counts: Record<SlotStatus, number> = {
    done: 0,
    running: 0,
    failed: 0,
    waiting: 0,
    skipped: 0,
    missing: 0,
    planned: 0,
  };
  for (const { status } of items) counts[status] += 1;
  const more = slots[limit];
  return { timeZone: zone, items, counts, ...(more === undefined ? {} : { next: slotText(more.at) }) };
}

export function checkedRange({ from, until }: { readonly from: string; readonly until: string }): {
  readonly from: number;
  readonly until: number;
} {
  const range = { from: Date.parse(from), until: Date.parse(until) };
  const fail = (reason: string) => new Refusal(scheduleErrors.error('RANGE_INVALID', { from, until, reason }), 422);
  if (range.until <= range.from) throw fail('it ends before it begins');
  if (range.until - range.from > RANGE_DAYS_MAX * DAY_MS) throw fail(`it is longer than ${RANGE_DAYS_MAX} days`);
  return range;
}

async function firesIn(
  db: Store['db'],
  id: string,
  { from, until, limit }: { readonly from: number; readonly until: number; readonly limit: number },
): Promise<readonly FireRow[]> {
  const { rows } = await sql<FireRow>`
    select f.slot_utc, f.decision, f.reason, f.is_shifted, f.run_id,
      coalesce(f.outcome, (select r.state from run r where r.id = f.run_id)) as run_state
    from schedule_fire f
    where f.schedule_id = ${id} and f.slot_utc >= ${slotText(from)} and f.slot_utc < ${slotText(until)}
    order by f.slot_utc limit ${limit + 1}`.execute(db);
  return rows;
}

interface MergedSlot {
  readonly at: number;
  readonly slot: Slot | undefined;
  readonly fire: FireRow | undefined;
}

/** One more than is shown. */
function merged(
  schedule: FullRow,
  fires: readonly FireRow[],
  { from, until, limit }: { readonly from: number; readonly until: number; readonly limit: number },
): MergedSlot[] {
  const found: MergedSlot[] = [];
  const rows = fires.map((fire) => ({ at: Date.parse(fire.slot_utc), fire }));
  let row = 0;
  const rowsBefore = (at: number): void => {
    for (let next = rows[row]; next !== undefined && next.at < at; next = rows[(row += 1)]) {
      found.push({ ...next, slot: undefined });
    }
  };
  for (const slot of slotsUntil(timingOf(schedule), from - 1, until - 1)) {
    if (found.length > limit) break;
    rowsBefore(slot.at);
    const own = rows[row]?.at === slot.at ? rows[row] : undefined;
    if (own !== undefined) row += 1;
    found.push({ at: slot.at, slot, fire: own?.fire });
  }
  rowsBefore(until);
  return found;
}

function calendarSlot(
  { at, slot, fire }: MergedSlot,
  { zone, now, since }: { readonly zone: string; readonly now: number; readonly since: number },
): CalendarSlot {
  const found = fire === undefined ? withoutRow(at, slot, { now, since }) : ofRow(fire);
  return {
    slot: slotText(at),
    localTime: localTime(at, zone),
    ...found,
    isShifted: slot?.isShifted ?? fire?.is_shifted ?? false,
    isBackfilled: fire?.decision === 'backfilled',
    isOfPattern: slot !== undefined,
    runId: fire?.run_id ?? null,
    runState: fire?.run_state ?? null,
  };
}

type Found = Pick<CalendarSlot, 'status' | 'reason'>;

function withoutRow(
  at: number,
  slot: Slot | undefined,
  { now, since }: { readonly now: number; readonly since: number },
): Found {
  if (slot !== undefined && !slot.fires) {
    return { status: 'skipped', reason: `there is no ${slot.absent.join(', ')}` };
  }
  if (at > now) return { status: 'planned', reason: null };
  return { status: 'missing', reason: at < since ? 'the schedule was not there yet' : null };
}

function ofRow({ decision, reason, run_state: state, run_id: runId }: FireRow): Found {
  if (decision === 'waiting') return { status: 'waiting', reason: reason ?? 'another run is not over' };
  if (decision === 'skipped') return { status: 'skipped', reason };
  if (runId === null || state === null || state === 'UNKNOWN') {
    return { status: 'missing', reason: 'its run is not known any more' };
  }
  return { status: statusOf(state), reason };
}

/** Stopped and expired runs have not done it either. */
function statusOf(state: string): SlotStatus {
  if (state === 'SUCCEEDED') return 'done';
  return state === 'FAILED' || state === 'CANCELED' || state === 'EXPIRED' || state === 'SKIPPED'
    ? 'failed'
    : 'running';
}
