/** Schedules as the scheduler takes them from the database. */
import type { Catchup, Overlap } from '#control/store/schedule-tables.ts';
import { parseCron } from './cron-expression.ts';
import type { CronExpression } from './cron-expression.ts';
import type { Timing } from './next-slot.ts';

export interface ScheduleRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly definition_id: string;
  readonly cron: string | null;
  readonly interval_s: number | null;
  readonly time_zone: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly catchup: Catchup;
  readonly catchup_max: number;
  readonly max_lateness_s: number | null;
  readonly overlap: Overlap;
  readonly jitter_s: number;
  readonly next_slot_utc: string;
}

/** Expressions are few, and come again each minute. */
const PARSED_MAX = 10_000;
const parsed = new Map<string, CronExpression>();

export function timingOf(row: Pick<ScheduleRow, 'cron' | 'interval_s' | 'time_zone'>): Timing {
  const { cron, interval_s: intervalS, time_zone: zone } = row;
  if (cron === null) return { intervalS: intervalS ?? 0 };
  let expression = parsed.get(cron);
  if (expression === undefined) {
    expression = parseCron(cron);
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(cron, expression);
  }
  return { cron: expression, zone };
}

export function slotText(at: number): string {
  return new Date(at).toISOString();
}

/** What `created_by` of a run begins with that a back-fill made. */
export const BACKFILL_ACTOR = 'backfill:';

/** Told when a back-fill has something to do. */
export const BACKFILL_CHANNEL = 'backfills';

/** The same run, whoever makes it and how often. */
export function slotKey(scheduleId: string, at: number): string {
  return `schedule:${scheduleId}:${slotText(at)}`;
}
