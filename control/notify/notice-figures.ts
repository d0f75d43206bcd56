/** What the database knows of notices on their way, for those who watch. */
import { sql } from 'kysely';
import type { Store } from '#control/store/store.ts';

export interface NoticeFigures {
  /** Messages that are to be sent, and notices that are not in a message yet. */
  readonly waiting: number;
  readonly oldestWaitingS: number;
  /** Messages that were given up, and are kept. */
  readonly dead: number;
  readonly destinationsFailing: number;
}

/** Beyond that: so many and more. */
const COUNTED_MAX = 100_000;

export async function noticeFigures(db: Store['db']): Promise<NoticeFigures> {
  const { rows } = await sql<NoticeFigures>`
    with waiting as (
      (select queued_at as at from notice_delivery where state = 'waiting' limit ${COUNTED_MAX})
      union all (select created_at from notice where not is_batched limit ${COUNTED_MAX}))
    select (select count(*) from waiting)::int as waiting,
      (select greatest(0, extract(epoch from (select dispatch.now()) - min(at))) from waiting)::float8
        as "oldestWaitingS",
      (select count(*) from (select from notice_delivery where state = 'dead' limit ${COUNTED_MAX}) d)::int as dead,
      (select count(*) from notice_destination where failing_since is not null)::int as "destinationsFailing"`.execute(
    db,
  );
  const [row] = rows;
  return row === undefined
    ? { waiting: 0, oldestWaitingS: 0, dead: 0, destinationsFailing: 0 }
    : { ...row, oldestWaitingS: row.oldestWaitingS ?? 0 };
}
