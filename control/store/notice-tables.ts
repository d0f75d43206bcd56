/** The tables of notices: who is told what, where, and what became of it. */
import type { Generated } from 'kysely';
import type { GeneratedJson, Instant, Json, NullableBigint } from './column-types.ts';

export type DestinationKind = 'slack' | 'email' | 'http';
export type NoticeEventKind =
  | 'run_succeeded'
  | 'run_failed'
  | 'run_finished'
  | 'run_canceled'
  | 'record_count'
  | 'run_elapsed'
  | 'run_waiting'
  | 'schedule_off'
  | 'destination_failing';
export type NoticeCounter =
  | 'records_read'
  | 'records_written'
  | 'records_rejected'
  | 'records_skipped'
  | 'bytes_read'
  | 'bytes_written';
export type NoticeLanguage = 'en' | 'ja';

interface SmtpServerTable {
  is_only: Generated<boolean>;
  config: Json;
  secrets: GeneratedJson<Readonly<Record<string, string>>>;
  version: Generated<number>;
  updated_at: Generated<Instant>;
}

export interface NoticeDestinationTable {
  id: string;
  workspace_id: string;
  name: string;
  kind: DestinationKind;
  config: Json;
  secrets: GeneratedJson<Readonly<Record<string, string>>>;
  paused_until: Instant | null;
  failures_in_row: Generated<number>;
  failing_since: Instant | null;
  last_error: string | null;
  last_sent_at: Instant | null;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

export interface NoticeAddressTable {
  id: string;
  destination_id: string;
  address: string;
  link_no: Generated<number>;
  link_sent_at: Instant | null;
  confirmed_at: Instant | null;
  created_at: Generated<Instant>;
}

export interface NoticeRuleTable {
  id: string;
  workspace_id: string;
  group_id: string | null;
  definition_id: string | null;
  name: string;
  destination_id: string;
  event: NoticeEventKind;
  counter: NoticeCounter | null;
  comparison: 'above' | 'below' | null;
  threshold: NullableBigint;
  after_s: number | null;
  language: Generated<NoticeLanguage>;
  subject: string | null;
  body: string | null;
  is_grouped: Generated<boolean>;
  is_enabled: Generated<boolean>;
  enabled_from: Generated<Instant>;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

interface NoticeRuleOffTable {
  rule_id: string;
  group_id: string | null;
  definition_id: string | null;
  created_by: string;
  created_at: Generated<Instant>;
}

interface NoticeEventTable {
  id: string;
  workspace_id: string;
  event: 'schedule_off' | 'destination_failing';
  event_key: string;
  group_id: string | null;
  definition_id: string | null;
  destination_id: string | null;
  fields: GeneratedJson;
  at: Generated<Instant>;
}

export interface NoticeDeliveryTable {
  id: string;
  workspace_id: string;
  kind: 'notice' | 'group' | 'confirmation' | 'test';
  group_id: string | null;
  rule_id: string | null;
  rule_name: string | null;
  destination_id: string;
  destination_name: string;
  address: string | null;
  subject: string;
  body: string;
  notice_count: Generated<number>;
  state: 'waiting' | 'sent' | 'dead';
  tries: Generated<number>;
  round: Generated<number>;
  queued_at: Generated<Instant>;
  next_try_at: Generated<Instant>;
  lease_token: string | null;
  lease_until: Instant | null;
  last_status: number | null;
  last_answer: string | null;
  created_at: Generated<Instant>;
  sent_at: Instant | null;
  dead_at: Instant | null;
}

interface NoticeAttemptTable {
  delivery_id: string;
  no: number;
  at: Generated<Instant>;
  outcome: 'sent' | 'retry' | 'failed';
  status: number | null;
  answer: string;
  duration_ms: number;
}

interface NoticeTable {
  id: string;
  workspace_id: string;
  rule_id: string;
  event: NoticeEventKind;
  event_key: string;
  run_id: string | null;
  definition_id: string | null;
  group_id: string | null;
  fields: Json;
  is_batched: Generated<boolean>;
  created_at: Generated<Instant>;
}

interface NoticeInDeliveryTable {
  delivery_id: string;
  notice_id: string;
}

export interface NoticeTables {
  smtp_server: SmtpServerTable;
  notice_destination: NoticeDestinationTable;
  notice_address: NoticeAddressTable;
  notice_rule: NoticeRuleTable;
  notice_rule_off: NoticeRuleOffTable;
  notice_event: NoticeEventTable;
  notice_delivery: NoticeDeliveryTable;
  notice_attempt: NoticeAttemptTable;
  notice: NoticeTable;
  notice_in_delivery: NoticeInDeliveryTable;
}
