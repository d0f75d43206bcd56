/**
 * How the runs of slots ended, written to the slots: they are known longer than the runs are, and failures in a row are
 * counted without looking at any run twice.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#control/store/tables.ts';

/** Slots in one statement. */
export const SETTLED_MAX = 1000;
/** Of a run that is not there. */
const UNKNOWN = 'UNKNOWN';

/**
 * Returns how many it wrote. Of back-fills nothing is counted: somebody looks after those. Stopped and expired runs
 * neither fail nor succeed.
 */
export async function settleFires(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ settled: number }>`
    with ended as (
      select f.schedule_id, f.slot_utc, f.run_id from schedule_fire f left join run r on r.id = f.run_id
      where f.run_id is not null and f.outcome is null and (r.id is null or r.terminal_at is not null)
      order by f.schedule_id, f.slot_utc limit ${SETTLED_MAX} for no key update of f skip locked
    ), settled as (
      update schedule_fire f set outcome = coalesce(r.state, ${UNKNOWN})
      from ended left join run r on r.id = ended.run_id
      where f.schedule_id = ended.schedule_id and f.slot_utc = ended.slot_utc
      returning f.schedule_id, f.decision, r.state, r.terminal_at
    ), good as (
      select schedule_id, max(terminal_at) filter (where state = 'SUCCEEDED') as at
      from settled where decision = 'fired' group by schedule_id
    ), bad as (
      select s.schedule_id, good.at as good_at, count(*) filter (where s.state = 'FAILED')::int as failures,
        min(s.terminal_at) filter (where s.state = 'FAILED') as since
      from settled s join good using (schedule_id)
      where s.decision = 'fired' and (good.at is null or s.terminal_at >= good.at)
      group by s.schedule_id, good.at
    ), counted as (
      update schedule s set
        failures = bad.failures + case when bad.good_at is null then s.failures else 0 end,
        failing_since = case when bad.good_at is null then coalesce(s.failing_since, bad.since) else bad.since end
      from bad
      where s.id = bad.schedule_id and (bad.failures > 0 or (bad.good_at is not null and s.failures > 0))
    )
    select count(*)::int as settled from settled`.execute(db);
  return rows[0]?.settled ?? 0;
}
