/**
 * What becomes of the slots of one schedule that are due, as far as time decides: overlap is judged afterwards, among
 * the rows. Pure.
 */
import type { Catchup } from '#control/store/schedule-tables.ts';
import type { Slot, Timing } from './next-slot.ts';
import { nextSlot, slotsUntil } from './next-slot.ts';

export interface MissedRule {
  readonly catchup: Catchup;
  /** For `all`: the latest so many. */
  readonly catchupMax: number;
  readonly maxLatenessS: number | null;
}

export interface PlannedFire {
  readonly slot: Slot;
  /** Why it does not fire. */
  readonly skip: string | undefined;
}

export interface FirePlan {
  readonly fires: readonly PlannedFire[];
  /** Where the schedule goes on. */
  readonly next: number | undefined;
}

/** A slot that nobody was there for: later than a busy scheduler is. */
const MISSED_S = 60;
const MAX_LATENESS_S = 3600;
/** Slots before that are not written down one by one: a week of minutes. */
export const RECORDED_MS: number = 7 * 24 * 3600 * 1000;

/** Of a schedule whose next slot is at `from`, at `now`; both in milliseconds since 1970. */
export function planFires(timing: Timing, from: number, now: number, rule: MissedRule): FirePlan {
  const begin = Math.max(from, now - RECORDED_MS);
  const slots = [...slotsUntil(timing, begin - 1, now)];
  const next = nextSlot(timing, now)?.at;
  const firing = slots.filter(({ fires }) => fires);
  const { catchup, catchupMax } = rule;
  const wanted = new Set(catchup === 'all' ? firing.slice(-catchupMax) : firing.slice(-1));
  const latest = latenessMax(rule);
  const skipOf = (slot: Slot): string | undefined => {
    if (!slot.fires) return `there is no ${slot.absent.join(', ')}`;
    const isLate = now - slot.at > latest * 1000;
    // One after the other within a minute: nobody missed anything.
    const isMissed = now - slot.at > MISSED_S * 1000;
    if (!isMissed && !isLate) return undefined;
    if (isLate) return 'too late';
    return wanted.has(slot) ? undefined : 'a later one is due';
  };
  const fires: PlannedFire[] = slots.map((slot) => ({ slot, skip: skipOf(slot) }));
  if (begin > from) {
    const forgotten: Slot = { at: from, fires: false, isShifted: false, absent: [] };
    fires.unshift({ slot: forgotten, skip: 'too late, as all until a week ago' });
  }
  return { fires, next };
}

function latenessMax({ catchup, maxLatenessS }: MissedRule): number {
  if (catchup === 'none') return Math.min(maxLatenessS ?? MAX_LATENESS_S, MISSED_S);
  return maxLatenessS ?? (catchup === 'all' ? Infinity : MAX_LATENESS_S);
}
