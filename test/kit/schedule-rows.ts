/** Transfers and their schedules as rows, for tests of the scheduler. */
import { sql } from 'kysely';
import type { Catchup, Overlap } from '#control/store/schedule-tables.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

const config = { in: { type: 'file', path_prefix: '{{ vars.day }}' }, out: { type: 'stdout' } };

export async function addWorkspace(db: Db): Promise<string> {
  const id = newId();
  await db.insertInto('workspace').values({ id, name: id }).execute();
  return id;
}

export interface NewSchedule {
  readonly workspaceId: string;
  readonly cron: string;
  readonly zone?: string;
  readonly next: string;
  readonly catchup?: Catchup;
  readonly catchupMax?: number;
  readonly overlap?: Overlap;
  readonly jitterS?: number;
}

/** So many transfers with one schedule each; returns the ids of both, in pairs. */
export async function addSchedules(
  db: Db,
  count: number,
  given: NewSchedule,
): Promise<{ readonly definition: string; readonly schedule: string }[]> {
  const { workspaceId, cron, zone = 'Etc/UTC', next } = given;
  const { catchup = 'latest', catchupMax = 100, overlap = 'skip', jitterS = 0 } = given;
  const pairs = Array.from({ length: count }, () => ({ definition: newId(), schedule: newId() }));
  const list = sql`jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) as p (definition text, schedule text)`;
  await sql`insert into definition (id, workspace_id, kind, name)
    select definition, ${workspaceId}, 'transfer', definition from ${list}`.execute(db);
  await sql`insert into revision (definition_id, no, config, author)
    select definition, 1, ${JSON.stringify(config)}::jsonb, 'test' from ${list}`.execute(db);
  await sql`insert into schedule (id, workspace_id, definition_id, cron, time_zone, variables, catchup, catchup_max,
      overlap, jitter_s, enabled_from, next_slot_utc, tzdata_version)
    select schedule, ${workspaceId}, definition, ${cron}, ${zone}, '{"day": "$date $time"}', ${catchup}, ${catchupMax},
      ${overlap}, ${jitterS}, ${next}::timestamptz, ${next}::timestamptz, 'test' from ${list}`.execute(db);
  return pairs;
}

/** Ends all runs that are not over. */
export async function endRuns(db: Db, state: 'SUCCEEDED' | 'FAILED' = 'SUCCEEDED'): Promise<number> {
  const { numAffectedRows = 0n } = await sql`update run
    set state = ${state}, terminal_at = dispatch.now(), version = version + 1 where terminal_at is null`.execute(db);
  return Number(numAffectedRows);
}

/** How often each was decided, such as `{ fired: 1, 'skipped: too late': 3 }`; ids in reasons are left out. */
export async function fireCounts(db: Db, schedule?: string): Promise<Record<string, number>> {
  const { rows } = await sql<{ what: string; count: number }>`
    select decision || case when decision = 'skipped' then ': ' || regexp_replace(reason, ': .*', '') else '' end as what,
      count(*)::int as count from schedule_fire where schedule_id = coalesce(${schedule ?? null}, schedule_id)
    group by 1`.execute(db);
  return Object.fromEntries(rows.map(({ what, count }) => [what, count]));
}
