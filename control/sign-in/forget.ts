/** Forgets what is over: sessions, ways to providers, links that were used or were not. */
import { sql } from 'kysely';
import type { Store } from '#control/store/store.ts';
import { Throttle } from './throttle.ts';

/** What became of an invitation can be looked up for so long. */
const LINK_DAYS = 90;
/** Of each, in one statement. */
const ROWS_MAX = 5000;

/** Some of it; returns how much: 0 when there is nothing left. */
export async function forgetSignIns(db: Store['db']): Promise<number> {
  const gone = await sql`delete from session where id in (
    select id from session where expires_at < (select dispatch.now()) limit ${ROWS_MAX})`.execute(db);
  const flows = await sql`delete from sign_in_flow where state_hash in (
    select state_hash from sign_in_flow where expires_at < (select dispatch.now()) limit ${ROWS_MAX})`.execute(db);
  const links = await sql`delete from one_time_link where id in (
    select id from one_time_link where greatest(expires_at, used_at, revoked_at)
      < (select dispatch.now() - make_interval(days => ${LINK_DAYS})) limit ${ROWS_MAX})`.execute(db);
  const tries = await new Throttle({ db }).forget();
  return [gone, flows, links].reduce((sum, { numAffectedRows = 0n }) => sum + Number(numAffectedRows), tries);
}
