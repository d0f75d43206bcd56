/** What was told long ago is forgotten, in small steps. Runs of that age are gone, too, so that nothing is told again. */
import { sql } from 'kysely';
import type { Store } from '#control/store/store.ts';

const ROWS_MAX = 2000;

/** True when there is more. */
export async function forgetOldNotices(db: Store['db'], days: number): Promise<boolean> {
  const { numAffectedRows: deliveries = 0n } = await sql`
    delete from notice_delivery where id in (select id from notice_delivery
      where created_at < (select dispatch.now()) - make_interval(days => ${days}) and state <> 'waiting'
      order by created_at limit ${ROWS_MAX})`.execute(db);
  const { numAffectedRows: notices = 0n } = await sql`
    delete from notice where id in (select id from notice
      where created_at < (select dispatch.now()) - make_interval(days => ${days}) and is_batched
      order by created_at limit ${ROWS_MAX})`.execute(db);
  return deliveries === BigInt(ROWS_MAX) || notices === BigInt(ROWS_MAX);
}
