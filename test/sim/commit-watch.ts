/**
 * Has the database look at each commit: for every run that it touches, seats, live attempts and what the run says of
 * them must match, or the commit fails. What is looked at afterwards shows what is there then; this shows every state
 * that others could see.
 */
import { sql } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';

/** Once per database; for runs whose limits were there before them. */
export async function watchCommits(db: Db): Promise<void> {
  await sql`
    create function dispatch.seats_match() returns trigger language plpgsql as $$
    declare touched text := case tg_op when 'DELETE' then old.run_id else new.run_id end;
    begin
      if exists (select from seat s where s.run_id = touched and not exists (
          select from attempt a where a.run_id = touched and a.no = s.attempt_no and a.quiesced_at is null)) then
        raise exception 'I3: a commit left a seat without a live attempt, of %', touched;
      end if;
      if exists (select from attempt a join run_scope c on c.run_id = a.run_id
            join seat_limit l on l.scope_kind = c.scope_kind and l.scope_id = c.scope_id
          where a.run_id = touched and a.quiesced_at is null and not exists (
            select from seat s where s.run_id = touched and s.attempt_no = a.no
              and s.scope_kind = c.scope_kind and s.scope_id = c.scope_id)) then
        raise exception 'I3: a commit left a live attempt without a seat, of %', touched;
      end if;
      if exists (select from run r where r.id = touched and r.is_quiesced = exists (
          select from attempt a where a.run_id = touched and a.quiesced_at is null)) then
        raise exception 'I2: a commit left a run that says wrongly whether it is quiesced: %', touched;
      end if;
      return null;
    end $$`.execute(db);
  for (const [table, events] of [
    ['attempt', 'insert or update of quiesced_at'],
    ['seat', 'insert or delete'],
  ] as const) {
    await sql`create constraint trigger seats_match after ${sql.raw(events)} on ${sql.table(table)}
      deferrable initially deferred for each row execute function dispatch.seats_match()`.execute(db);
  }
}
