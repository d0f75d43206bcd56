/** Schedules whose runs fail and fail are switched off: nobody looks at them, and they cost seats and log space. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#control/store/tables.ts';

/** In a row, and for so long: a schedule of minutes is not given up after an hour of bad luck. */
const FAILURES_MIN = 50;
const FAILING_DAYS_MIN = 14;

/** Returns the schedules that it switched off. */
export async function switchOffFailing(db: Kysely<Tables>): Promise<readonly string[]> {
  const reason = `failed ${FAILURES_MIN} times and for ${FAILING_DAYS_MIN} days in a row`;
  const { rows } = await sql<{ id: string }>`
    update schedule s set is_enabled = false, off_reason = ${reason}, version = version + 1,
      updated_at = dispatch.now()
    where s.is_enabled and (
      select count(*) >= ${FAILURES_MIN}
        and min(r.terminal_at) <= (select dispatch.now()) - make_interval(days => ${FAILING_DAYS_MIN})
      from schedule_fire f join run r on r.id = f.run_id
      where f.schedule_id = s.id and r.state = 'FAILED' and f.slot_utc > coalesce((
        select max(good.slot_utc) from schedule_fire good join run on run.id = good.run_id
        where good.schedule_id = s.id and run.state = 'SUCCEEDED'), '-infinity'))
    returning s.id`.execute(db);
  return rows.map(({ id }) => id);
}
