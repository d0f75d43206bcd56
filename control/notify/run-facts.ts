/** What the database knows about a run that a notice may tell. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { RunState } from '#control/runs/states.ts';
import type { NoticeCounter, NoticeEventKind, NoticeLanguage } from '#control/store/notice-tables.ts';
import { emptyFields } from './template.ts';
import type { NoticeFields } from './template.ts';

/** What happened to one run, beside a rule. */
export interface RunFacts {
  readonly id: string;
  readonly workspace_id: string;
  readonly workspace_name: string;
  readonly group_id: string | null;
  readonly group_name: string | null;
  readonly definition_id: string | null;
  readonly definition_name: string | null;
  readonly state: RunState;
  readonly trigger: string;
  readonly created_by: string;
  readonly idempotency_key: string | null;
  readonly attempt_no: number;
  readonly counters: Readonly<Record<string, unknown>>;
  readonly failure: Readonly<Record<string, unknown>> | null;
  readonly failure_code: string | null;
  readonly note: string | null;
  readonly blocked_by: string | null;
  readonly terminal_at: string | null;
  /** Of the first attempt: retries are part of the run. */
  readonly claimed_at: string | null;
  /** Seconds since then, until its end or now; null before. */
  readonly worked_s: number | null;
  /** Seconds that it could have begun and did not; null when that is not known any more. */
  readonly waited_s: number | null;
  readonly now: string;
}

/** Of `run r`, with what it belongs to. */
export const factColumns: RawBuilder<unknown> = sql`
  r.id, r.workspace_id, w.name as workspace_name, r.group_id, g.name as group_name, r.definition_id,
  d.name as definition_name, r.state, r.trigger, r.created_by, r.idempotency_key, r.attempt_no, r.counters, r.failure,
  r.failure_code, r.note, r.blocked_by, r.terminal_at, first.claimed_at,
  extract(epoch from coalesce(r.terminal_at, clock.now) - first.claimed_at)::float8 as worked_s,
  extract(epoch from (case
      when r.state = 'QUEUED' then clock.now
      when r.attempt_no = 0 then r.terminal_at
      when r.attempt_no = 1 then first.created_at end)
    - greatest(r.queued_at, r.not_before))::float8 as waited_s,
  clock.now as now`;

/** What follows `run r`. The clock is read once. */
export const factJoins: RawBuilder<unknown> = sql`
  join workspace w on w.id = r.workspace_id
  left join groups g on g.id = r.group_id
  left join definition d on d.id = r.definition_id
  cross join (select dispatch.now() as now) clock
  left join lateral (
    select min(claimed_at) as claimed_at, min(created_at) as created_at from attempt where run_id = r.id) first on true`;

/** A rule, as far as it decides and words something. */
export interface RuleFacts {
  readonly rule_id: string;
  readonly rule_name: string;
  readonly event: NoticeEventKind;
  readonly counter: NoticeCounter | null;
  readonly comparison: 'above' | 'below' | null;
  /** A bigint in decimal. */
  readonly threshold: string | null;
  readonly after_s: number | null;
  readonly language: NoticeLanguage;
  readonly enabled_from: string;
}

export const ruleColumns: RawBuilder<unknown> = sql`
  q.id as rule_id, q.name as rule_name, q.event, q.counter, q.comparison, q.threshold, q.after_s, q.language,
  q.enabled_from`;

/** The value of a counter; undefined when the run has said nothing. */
export function counterOf(run: Pick<RunFacts, 'counters'>, counter: NoticeCounter): number | undefined {
  if (Object.keys(run.counters).length === 0) return undefined;
  const read = (name: string): number => {
    const value = run.counters[name];
    return typeof value === 'number' ? value : 0;
  };
  if (counter !== 'records_skipped') return read(counter);
  return Math.max(0, read('records_read') - read('records_written') - read('records_rejected'));
}

/** Whether the rule tells of the end of this run. */
export function firesAtEnd(rule: RuleFacts, run: RunFacts): boolean {
  if (run.terminal_at === null || run.terminal_at < rule.enabled_from) return false;
  const { state } = run;
  switch (rule.event) {
    case 'run_succeeded':
      return state === 'SUCCEEDED';
    case 'run_failed':
      return state === 'FAILED' || state === 'EXPIRED';
    case 'run_finished':
      return state === 'SUCCEEDED' || state === 'FAILED' || state === 'EXPIRED';
    case 'run_canceled':
      return state === 'CANCELED';
    case 'record_count':
      return countFires(rule, run);
    case 'run_elapsed':
      return isOver(run.worked_s, rule.after_s);
    case 'run_waiting':
      return isOver(run.waited_s, rule.after_s);
    case 'schedule_off':
    case 'destination_failing':
      return false;
  }
}

/** While it lives. */
export function firesNow(rule: RuleFacts, run: RunFacts): boolean {
  if (rule.event === 'run_elapsed') return isOver(run.worked_s, rule.after_s);
  return rule.event === 'run_waiting' && run.state === 'QUEUED' && isOver(run.waited_s, rule.after_s);
}

function isOver(seconds: number | null, limit: number | null): boolean {
  return seconds !== null && limit !== null && seconds >= limit;
}

/** A run that failed has mostly written too little: that it has is told by the failure. */
function countFires({ counter, comparison, threshold }: RuleFacts, run: RunFacts): boolean {
  if (counter === null || threshold === null) return false;
  const value = counterOf(run, counter);
  if (value === undefined) return false;
  if (comparison === 'below') return run.state === 'SUCCEEDED' && value < Number(threshold);
  return (run.state === 'SUCCEEDED' || run.state === 'FAILED') && value > Number(threshold);
}

export function runFields(rule: RuleFacts, run: RunFacts, publicUrl: string | undefined): NoticeFields {
  const { failure } = run;
  const failureText = (name: string): string => (typeof failure?.[name] === 'string' ? shortened(failure[name]) : '');
  const counter = (name: NoticeCounter): number => counterOf(run, name) ?? 0;
  const worked = Math.max(0, Math.round(run.worked_s ?? 0));
  const waited = Math.max(0, Math.round(run.waited_s ?? 0));
  return {
    ...ruleFields(rule),
    workspace_name: run.workspace_name,
    group_name: run.group_name ?? '',
    transfer_id: run.definition_id ?? '',
    transfer_name: run.definition_name ?? '',
    run_id: run.id,
    run_state: run.state,
    run_url: publicUrl === undefined ? '' : `${publicUrl}/runs/${run.id}`,
    run_trigger: run.trigger,
    created_by: run.created_by,
    schedule_slot: slotOf(run),
    started_at: instant(run.claimed_at),
    ended_at: instant(run.terminal_at),
    duration: inWords(worked, rule.language),
    duration_s: worked,
    waited: inWords(waited, rule.language),
    waited_s: waited,
    attempts: run.attempt_no,
    records_read: counter('records_read'),
    records_written: counter('records_written'),
    records_rejected: counter('records_rejected'),
    records_skipped: counter('records_skipped'),
    bytes_read: counter('bytes_read'),
    bytes_written: counter('bytes_written'),
    error_code: run.failure_code ?? '',
    error_title: failureText('message'),
    error_where: whereOf(failure?.['where']),
    error_hint: failureText('hint'),
    note: shortened(run.note ?? ''),
    blocked_by: run.state === 'QUEUED' ? shortened(run.blocked_by ?? '') : '',
    counter_value: rule.counter === null ? 0 : counter(rule.counter),
    occurred_at: instant(run.terminal_at ?? run.now),
  };
}

/** What the rule itself says. */
export function ruleFields(rule: RuleFacts): NoticeFields {
  return {
    ...emptyFields,
    event: rule.event,
    rule_name: rule.rule_name,
    counter: rule.counter ?? '',
    comparison: rule.comparison ?? '',
    threshold: Number(rule.threshold ?? 0),
    limit_minutes: Math.round((rule.after_s ?? 0) / 60),
    notice_count: 1,
  };
}

/** Without fractions: they are for machines. */
export function instant(at: string | null): string {
  return at === null ? '' : at.replace(/\.\d+Z$/, 'Z');
}

/** Of one value; a message has a limit of its own. */
const VALUE_LENGTH_MAX = 2000;

function shortened(text: string): string {
  return text.length <= VALUE_LENGTH_MAX ? text : `${text.slice(0, VALUE_LENGTH_MAX - 1)}…`;
}

/** `schedule:ID:INSTANT` is the key of a run of a schedule. */
function slotOf({ trigger, idempotency_key: key }: RunFacts): string {
  if (trigger !== 'schedule') return '';
  return instant(/^schedule:[^:]+:(.+)$/.exec(key ?? '')?.[1] ?? '');
}

function whereOf(where: unknown): string {
  if (typeof where !== 'object' || where === null) return '';
  const parts = Object.entries(where).flatMap(([name, value]) => {
    if (Array.isArray(value)) return [`${name} ${value.join('.')}`];
    return typeof value === 'string' || typeof value === 'number' ? [`${name} ${value}`] : [];
  });
  return shortened(parts.join(', '));
}

const units: readonly (readonly [number, string, string])[] = [
  [86_400, 'd', '日'],
  [3600, 'h', '時間'],
  [60, 'min', '分'],
  [1, 's', '秒'],
];

/** The two largest units that are not 0. */
export function inWords(seconds: number, language: NoticeLanguage): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [size, en, ja] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (size === 1 && parts.length === 0)) parts.push(`${count} ${language === 'ja' ? ja : en}`);
  }
  return parts.slice(0, 2).join(' ');
}
