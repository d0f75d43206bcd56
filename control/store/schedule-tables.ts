/** The tables of schedules, of their slots, and of what is run afterwards. */
import type { Generated } from 'kysely';
import type { GeneratedJson, Instant, NullableJson } from './column-types.ts';

export type Catchup = 'none' | 'latest' | 'all';
export type Overlap = 'allow' | 'skip' | 'queue_one' | 'cancel_previous';
export type FireDecision = 'fired' | 'waiting' | 'skipped' | 'backfilled';
export type ScheduleEventKind = 'created' | 'changed' | 'switched_on' | 'switched_off' | 'deleted';
export type BackfillState = 'running' | 'paused' | 'canceled' | 'done';
export type BackfillSlotState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped' | 'canceled';
export type BackfillSequence = 'oldest_first' | 'newest_first';

export interface ScheduleTable {
  id: string;
  workspace_id: string;
  definition_id: string;
  cron: string | null;
  interval_s: number | null;
  time_zone: Generated<string>;
  is_enabled: Generated<boolean>;
  off_reason: string | null;
  variables: GeneratedJson<Readonly<Record<string, string>>>;
  catchup: Generated<Catchup>;
  catchup_max: Generated<number>;
  max_lateness_s: number | null;
  overlap: Generated<Overlap>;
  jitter_s: Generated<number>;
  enabled_from: Generated<Instant>;
  next_slot_utc: Instant | null;
  tzdata_version: string;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
  pattern: NullableJson;
  created_by: Generated<string>;
  failures: Generated<number>;
  failing_since: Instant | null;
}

export interface ScheduleFireTable {
  schedule_id: string;
  slot_utc: Instant;
  decision: FireDecision;
  reason: string | null;
  is_shifted: Generated<boolean>;
  run_id: string | null;
  decided_at: Generated<Instant>;
  outcome: string | null;
}

export interface SchedulePolicyTable {
  workspace_id: string;
  switches_off: boolean;
  failures_min: number;
  failing_days_min: number;
  version: Generated<number>;
  updated_at: Generated<Instant>;
}

export interface ScheduleEventTable {
  id: string;
  workspace_id: string;
  definition_id: string;
  schedule_id: string;
  kind: ScheduleEventKind;
  is_automatic: Generated<boolean>;
  actor: string;
  reason: string | null;
  changes: GeneratedJson<Readonly<Record<string, unknown>>>;
  at: Generated<Instant>;
}

export interface BackfillTable {
  id: string;
  workspace_id: string;
  schedule_id: string;
  definition_id: string;
  from_utc: Instant;
  until_utc: Instant;
  sequence: BackfillSequence;
  redoes_done: boolean;
  concurrency: number;
  failures_max: number | null;
  failures_left: number | null;
  state: Generated<BackfillState>;
  reason: string | null;
  slots_total: number;
  created_by: string;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
  ended_at: Instant | null;
}

export interface BackfillSlotTable {
  backfill_id: string;
  slot_utc: Instant;
  state: Generated<BackfillSlotState>;
  reason: string | null;
  run_id: string | null;
}

export interface ScheduleTables {
  schedule: ScheduleTable;
  schedule_fire: ScheduleFireTable;
  schedule_policy: SchedulePolicyTable;
  schedule_event: ScheduleEventTable;
  backfill: BackfillTable;
  backfill_slot: BackfillSlotTable;
}
