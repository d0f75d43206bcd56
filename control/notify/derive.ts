/**
 * From what happened to notices. The ends of runs are found by the mark that is missing, not by anybody's word: whoever
 * started the run, or was to tell of its end, may be gone. The mark and the notices are one transaction, and a notice
 * is there once for a rule and an event, so that any number of processes may do this.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { newId } from '#control/store/ids.ts';
import type { NoticeEventKind } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';
import {
  factColumns,
  factJoins,
  firesAtEnd,
  firesNow,
  instant,
  ruleColumns,
  ruleFields,
  runFields,
} from './run-facts.ts';
import type { RuleFacts, RunFacts } from './run-facts.ts';
import type { NoticeFields } from './template.ts';

type Db = Store['db'];

/** Of one transaction; the next one goes on. */
const RUNS_MAX = 200;
const LIVE_MAX = 500;
const EVENTS_MAX = 100;

export interface DeriveParts {
  readonly db: Db;
  readonly publicUrl: string | undefined;
}

export interface Derived {
  readonly notices: number;
  /** There is more at once. */
  readonly hasMore: boolean;
}

interface NewNotice {
  readonly workspaceId: string;
  readonly ruleId: string;
  readonly event: NoticeEventKind;
  readonly key: string;
  readonly runId: string | null;
  readonly definitionId: string | null;
  readonly groupId: string | null;
  readonly fields: NoticeFields;
}

/** The rules that tell of something of this definition, group and workspace, from all that are above it. */
function rulesFor(of: {
  readonly workspace: RawBuilder<unknown>;
  readonly group: RawBuilder<unknown>;
  readonly definition: RawBuilder<unknown>;
}) {
  return sql`cross join lateral (
      select * from notice_rule where definition_id = ${of.definition}
      union all select * from notice_rule where group_id = ${of.group}
      union all select * from notice_rule
        where notice_rule.workspace_id = ${of.workspace} and group_id is null and definition_id is null) q
    where q.is_enabled and q.workspace_id = ${of.workspace} and not exists (
      select from notice_rule_off o
      where o.rule_id = q.id and (o.group_id = ${of.group} or o.definition_id = ${of.definition}))`;
}

const rulesOfRun = rulesFor({
  workspace: sql`r.workspace_id`,
  group: sql`r.group_id`,
  definition: sql`r.definition_id`,
});

/** Runs that have ended since. */
export async function deriveEnds({ db, publicUrl }: DeriveParts): Promise<Derived> {
  return db.transaction().execute(async (trx) => {
    const { rows: ended } = await sql<{ id: string }>`
      select id from run where terminal_at is not null and not is_noticed and kind = 'transfer'
      order by terminal_at limit ${RUNS_MAX} for no key update skip locked`.execute(trx);
    if (ended.length === 0) return { notices: 0, hasMore: false };
    const ids = ended.map(({ id }) => id);
    const { rows } = await sql<RunFacts & RuleFacts>`
      select ${factColumns}, ${ruleColumns} from run r ${factJoins} ${rulesOfRun} and r.id = any(${ids}::text[])`.execute(
      trx,
    );
    const firing = rows.filter((row) => firesAtEnd(row, row));
    const notices = await insertNotices(
      trx,
      firing.map((row) => ofRun(row, publicUrl)),
    );
    await sql`update run set is_noticed = true where id = any(${ids}::text[])`.execute(trx);
    return { notices, hasMore: ended.length === RUNS_MAX };
  });
}

/** Runs that take long, or wait long, while they do. */
export async function deriveLive({ db, publicUrl }: DeriveParts): Promise<Derived> {
  const { rows: workspaces } = await sql<{ id: string }>`
    select distinct workspace_id as id from notice_rule
    where is_enabled and event in ('run_elapsed', 'run_waiting')`.execute(db);
  if (workspaces.length === 0) return { notices: 0, hasMore: false };
  const ids = workspaces.map(({ id }) => id);
  // What has been told already is left out before the limit, so that it holds nothing up.
  const { rows } = await sql<RunFacts & RuleFacts>`
    select * from (
      select ${factColumns}, ${ruleColumns} from run r ${factJoins} ${rulesOfRun}
        and r.workspace_id = any(${ids}::text[]) and r.kind = 'transfer'
        and r.state in ('QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF')
        and q.event in ('run_elapsed', 'run_waiting')) found
    where ((event = 'run_elapsed' and worked_s >= after_s)
        or (event = 'run_waiting' and state = 'QUEUED' and waited_s >= after_s))
      and not exists (select from notice n where n.rule_id = found.rule_id and n.event_key = found.event || ':' || found.id)
    order by id limit ${LIVE_MAX}`.execute(db);
  const firing = rows.filter((row) => firesNow(row, row));
  const notices = await insertNotices(
    db,
    firing.map((row) => ofRun(row, publicUrl)),
  );
  return { notices, hasMore: rows.length === LIVE_MAX && notices > 0 };
}

interface EventRow {
  readonly id: string;
  readonly event: 'schedule_off' | 'destination_failing';
  readonly event_key: string;
  readonly workspace_id: string;
  readonly workspace_name: string;
  readonly group_id: string | null;
  readonly group_name: string | null;
  readonly definition_id: string | null;
  readonly definition_name: string | null;
  readonly fields: Readonly<Record<string, string>>;
  readonly at: string;
}

/** What happened beside runs. */
export async function deriveEvents({ db }: Pick<DeriveParts, 'db'>): Promise<Derived> {
  return db.transaction().execute(async (trx) => {
    const { rows: events } = await sql<{ id: string }>`
      select id from notice_event order by id limit ${EVENTS_MAX} for update skip locked`.execute(trx);
    if (events.length === 0) return { notices: 0, hasMore: false };
    const ids = events.map(({ id }) => id);
    const { rows } = await sql<EventRow & RuleFacts>`
      select e.id, e.event, e.event_key, e.workspace_id, w.name as workspace_name, e.group_id, g.name as group_name,
        e.definition_id, d.name as definition_name, e.fields, e.at, ${ruleColumns}
      from notice_event e join workspace w on w.id = e.workspace_id
      left join groups g on g.id = e.group_id left join definition d on d.id = e.definition_id
      ${rulesFor({ workspace: sql`e.workspace_id`, group: sql`e.group_id`, definition: sql`e.definition_id` })}
        and e.id = any(${ids}::text[]) and q.event = e.event and e.at >= q.enabled_from
        and (e.destination_id is null or q.destination_id <> e.destination_id)`.execute(trx);
    const notices = await insertNotices(trx, rows.map(ofEvent));
    await sql`delete from notice_event where id = any(${ids}::text[])`.execute(trx);
    return { notices, hasMore: events.length === EVENTS_MAX };
  });
}

function ofRun(row: RunFacts & RuleFacts, publicUrl: string | undefined): NewNotice {
  return {
    workspaceId: row.workspace_id,
    ruleId: row.rule_id,
    event: row.event,
    key: `${row.event}:${row.id}`,
    runId: row.id,
    definitionId: row.definition_id,
    groupId: row.group_id,
    fields: runFields(row, row, publicUrl),
  };
}

function ofEvent(row: EventRow & RuleFacts): NewNotice {
  return {
    workspaceId: row.workspace_id,
    ruleId: row.rule_id,
    event: row.event,
    key: row.event_key,
    runId: null,
    definitionId: row.definition_id,
    groupId: row.group_id,
    fields: {
      ...ruleFields(row),
      workspace_name: row.workspace_name,
      group_name: row.group_name ?? '',
      transfer_id: row.definition_id ?? '',
      transfer_name: row.definition_name ?? '',
      occurred_at: instant(row.at),
      // Those that the event carries are of the documented ones.
      ...row.fields,
    },
  };
}

/** Those that are not there yet; returns how many. A rule that was deleted meanwhile tells nothing. */
async function insertNotices(db: Db, notices: readonly NewNotice[]): Promise<number> {
  if (notices.length === 0) return 0;
  const rows = notices.map((each) => ({ ...each, id: newId() }));
  const { numAffectedRows = 0n } = await sql`
    insert into notice (id, workspace_id, rule_id, event, event_key, run_id, definition_id, group_id, fields)
    select n.id, n."workspaceId", q.id, n.event, n.key, n."runId", n."definitionId", n."groupId", n.fields
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (id text, "workspaceId" text, "ruleId" text, event text,
      key text, "runId" text, "definitionId" text, "groupId" text, fields jsonb)
    join notice_rule q on q.id = n."ruleId"
    order by n.id
    on conflict (rule_id, event_key) do nothing`.execute(db);
  return Number(numAffectedRows);
}
