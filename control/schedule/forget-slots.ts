/** Slots, back-fills and what was done to schedules are forgotten when no calendar shows them any more. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#control/store/tables.ts';
import { RANGE_DAYS_MAX } from './calendar.ts';

/** A day more than a calendar is long. */
export const SLOT_DAYS: number = RANGE_DAYS_MAX + 1;
const ROWS_MAX = 5000;
/** A back-fill has up to ten thousand slots, which go with it. */
const BACKFILLS_MAX = 20;

/** A step of it; returns true while there is more. The rows of each schedule are found by its key. */
export async function forgetOldSlots(db: Kysely<Tables>): Promise<boolean> {
  const old = sql`(select dispatch.now()) - make_interval(days => ${SLOT_DAYS})`;
  const fires = await sql`delete from schedule_fire where ctid = any(array(
    select fire.ctid from schedule s cross join lateral (
      select f.ctid from schedule_fire f
      where f.schedule_id = s.id and f.slot_utc < ${old} order by f.slot_utc limit ${ROWS_MAX}) fire
    limit ${ROWS_MAX}))`.execute(db);
  const events = await sql`delete from schedule_event where id in (
    select id from schedule_event where at < ${old} limit ${ROWS_MAX})`.execute(db);
  const backfills = await sql`delete from backfill where id in (
    select id from backfill where ended_at < ${old} limit ${BACKFILLS_MAX})`.execute(db);
  return (
    fires.numAffectedRows === BigInt(ROWS_MAX) ||
    events.numAffectedRows === BigInt(ROWS_MAX) ||
    backfills.numAffectedRows === BigInt(BACKFILLS_MAX)
  );
}
