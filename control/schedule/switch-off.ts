/** Schedules whose runs fail and fail are switched off: nobody looks at them, and they cost seats and log space. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { SchedulePolicy } from '#api/resources/schedule.ts';
import type { Tables } from '#control/store/tables.ts';
import { writeEvents } from './schedule-history.ts';

/** The rule of workspaces that have none of their own; docs/server.md tells it. */
export const FAILURES_MIN = 50;
/** And for so long: a schedule of minutes is not given up after an hour of bad luck. */
export const FAILING_DAYS_MIN = 14;
/** At once; the others come the next time. */
const SWITCHED_MAX = 500;

export const ruleOfAll: SchedulePolicy = {
  switchesOff: true,
  failuresMin: FAILURES_MIN,
  failingDaysMin: FAILING_DAYS_MIN,
  version: 0,
};

interface Failing {
  readonly id: string;
  readonly workspace_id: string;
  readonly definition_id: string;
  readonly failures: number;
  readonly failing_since: string;
}

/** Returns the schedules that it switched off. */
export async function switchOffFailing(db: Kysely<Tables>): Promise<readonly string[]> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<Failing>`
      select s.id, s.workspace_id, s.definition_id, s.failures, s.failing_since
      from schedule s left join schedule_policy p on p.workspace_id = s.workspace_id
      where s.is_enabled and coalesce(p.switches_off, true)
        and s.failures >= coalesce(p.failures_min, ${FAILURES_MIN}::int)
        and s.failing_since <= (select dispatch.now())
          - make_interval(days => coalesce(p.failing_days_min, ${FAILING_DAYS_MIN}::int))
      order by s.id limit ${SWITCHED_MAX} for no key update of s skip locked`.execute(trx);
    for (const row of rows) {
      const since = row.failing_since.slice(0, 'YYYY-MM-DDTHH:MM'.length);
      await switchOff(trx, row, `failed ${row.failures} times in a row since ${since}Z`);
    }
    return rows.map(({ id }) => id);
  });
}

/** By itself: what happens then is told as an event, and whoever subscribed to it is told. */
export async function switchOff(
  trx: Kysely<Tables>,
  schedule: Pick<Failing, 'id' | 'workspace_id' | 'definition_id'>,
  reason: string,
): Promise<void> {
  await sql`update schedule set is_enabled = false, off_reason = ${reason}, version = version + 1,
      updated_at = dispatch.now() where id = ${schedule.id}`.execute(trx);
  await writeEvents(trx, [schedule], { kind: 'switched_off', actor: 'scheduler', isAutomatic: true, reason });
}
