/** The API of back-fills. What they do is done by the scheduler, in `backfill-step.ts`. */
import { sql } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import { BACKFILLS_OPEN_MAX, BACKFILL_SLOTS_MAX } from '#api/resources/backfill.ts';
import type { Backfill } from '#api/resources/backfill.ts';
import { instantPattern, makeCursor, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { Refusal } from '#control/http/refusal.ts';
import type { RunCommands } from '#control/runs/run-commands.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { backfillOf, selectBackfills, theBackfill } from './backfill-resource.ts';
import type { BackfillRow } from './backfill-resource.ts';
import { checkedRange } from './calendar.ts';
import { scheduleErrors } from './errors.ts';
import { localTime } from './firings.ts';
import { slotsUntil } from './next-slot.ts';
import type { Slot } from './next-slot.ts';
import { databaseNow } from './schedule-changes.ts';
import { theSchedule } from './schedule-resource.ts';
import type { FullRow } from './schedule-resource.ts';
import { BACKFILL_CHANNEL, slotText, timingOf } from './schedule-row.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'backfills'>;
type ReadId = 'backfills.list' | 'backfills.get' | 'backfills.slots';

export interface BackfillParts {
  readonly store: Pick<Store, 'db' | 'hints'>;
  readonly commands: Pick<RunCommands, 'cancelMany'>;
}

export function backfillHandlers(parts: BackfillParts): Handlers {
  return { ...readHandlers(parts.store.db), ...writeHandlers(parts) };
}

function readHandlers(db: Db): Pick<Handlers, ReadId> {
  return {
    async 'backfills.list'({ query, principal }) {
      const after = readCursor('backfills', query.cursor, [ID_PATTERN]);
      let rows = selectBackfills(db, principal);
      if (query.scheduleId !== undefined) rows = rows.where('backfill.schedule_id', '=', query.scheduleId);
      if (query.definitionId !== undefined) rows = rows.where('backfill.definition_id', '=', query.definitionId);
      if (query.isOpen !== undefined) rows = rows.where('backfill.ended_at', query.isOpen ? 'is' : 'is not', null);
      if (after !== undefined) rows = rows.where(sql<boolean>`backfill.id < ${after[0]}`);
      const found = await rows
        .orderBy('backfill.id', 'desc')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(found, query.limit, {
        item: backfillOf,
        cursor: ({ id }) => makeCursor('backfills', [id]),
      });
    },

    'backfills.get': async ({ params, principal }) => backfillOf(await theBackfill(db, params.id, principal)),

    async 'backfills.slots'({ params, query, principal }) {
      const { schedule_id: scheduleId } = await theBackfill(db, params.id, principal);
      const { time_zone: zone } = await theSchedule(db, scheduleId, principal);
      const after = readCursor('backfills.slots', query.cursor, [instantPattern]);
      let rows = db.selectFrom('backfill_slot').selectAll().where('backfill_id', '=', params.id);
      if (query.state !== undefined) rows = rows.where('state', 'in', query.state);
      if (after !== undefined) rows = rows.where(sql<boolean>`slot_utc > ${after[0]}::timestamptz`);
      const found = await rows
        .orderBy('slot_utc')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(found, query.limit, {
        item: (row) => ({
          slot: row.slot_utc,
          localTime: localTime(Date.parse(row.slot_utc), zone),
          state: row.state,
          reason: row.reason,
          runId: row.run_id,
        }),
        cursor: (row) => makeCursor('backfills.slots', [row.slot_utc]),
      });
    },
  };
}

function writeHandlers({ store, commands }: BackfillParts): Omit<Handlers, ReadId> {
  const { db, hints } = store;
  return {
    async 'backfills.create'({ params, body, principal }) {
      const made = await db.transaction().execute(async (trx) => {
        const schedule = await theSchedule(trx, params.id, principal, true);
        const slots = await slotsOf(trx, schedule, body);
        await assertFewOpen(trx, schedule.id);
        const id = newId();
        await trx
          .insertInto('backfill')
          .values({
            id,
            workspace_id: schedule.workspace_id,
            schedule_id: schedule.id,
            definition_id: schedule.definition_id,
            from_utc: body.from,
            until_utc: body.until,
            sequence: body.order,
            redoes_done: body.redoesDone,
            concurrency: body.concurrency,
            failures_max: body.failuresMax,
            failures_left: body.failuresMax,
            slots_total: slots.length,
            created_by: principal.actor,
          })
          .execute();
        await addSlots(trx, id, slots);
        return backfillOf(await theBackfill(trx, id, principal));
      });
      hints.tell(BACKFILL_CHANNEL);
      return made;
    },

    'backfills.pause': ({ params, principal }) =>
      change(db, params.id, principal, (trx, row) =>
        row.state === 'paused' ? undefined : setState(trx, row, { state: 'paused', reason: null }),
      ),

    async 'backfills.resume'({ params, principal }) {
      const resumed = await change(db, params.id, principal, (trx, row) =>
        row.state === 'running' ? undefined : setState(trx, row, { state: 'running', reason: null }),
      );
      hints.tell(BACKFILL_CHANNEL);
      return resumed;
    },

    async 'backfills.cancel'({ params, body, principal }) {
      const { workspaceId, actor } = principal;
      await db.transaction().execute(async (trx) => {
        const row = await theBackfill(trx, params.id, principal, true);
        if (row.ended_at === null && row.state !== 'canceled') await cancel(trx, row);
      });
      if (body.stopsRuns) await commands.cancelMany(await runsOf(db, params.id), { workspaceId, actor });
      hints.tell(BACKFILL_CHANNEL);
      return backfillOf(await theBackfill(db, params.id, principal));
    },
  };
}

/** What is yet to come belongs to the schedule itself. */
async function slotsOf(
  trx: Db,
  schedule: FullRow,
  asked: { readonly from: string; readonly until: string },
): Promise<readonly Slot[]> {
  const { from, until } = asked;
  const range = checkedRange(asked);
  const end = Math.min(range.until, (await databaseNow(trx)) + 1);
  const slots: Slot[] = [];
  for (const slot of slotsUntil(timingOf(schedule), range.from - 1, end - 1)) {
    if (slots.length === BACKFILL_SLOTS_MAX) {
      const reason = `it holds more than ${BACKFILL_SLOTS_MAX} slots, up to ${slotText(slot.at)}`;
      throw new Refusal(scheduleErrors.error('RANGE_INVALID', { from, until, reason }), 422);
    }
    slots.push(slot);
  }
  if (!slots.some(({ fires }) => fires)) {
    throw new Refusal(scheduleErrors.error('BACKFILL_EMPTY', { from, until }), 422);
  }
  return slots;
}

/** The row of the schedule is locked: two at once do not make one too many. */
async function assertFewOpen(trx: Db, scheduleId: string): Promise<void> {
  const { count } = await trx
    .selectFrom('backfill')
    .select((is) => is.fn.countAll<string>().as('count'))
    .where('schedule_id', '=', scheduleId)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (Number(count) < BACKFILLS_OPEN_MAX) return;
  throw new Refusal(scheduleErrors.error('BACKFILLS_TOO_MANY', { most: BACKFILLS_OPEN_MAX }), 409);
}

async function addSlots(trx: Db, id: string, slots: readonly Slot[]): Promise<void> {
  const rows = slots.map(({ at, fires, absent }) => ({
    at: slotText(at),
    state: fires ? 'waiting' : 'skipped',
    reason: fires ? null : `there is no ${absent.join(', ')}`,
  }));
  await sql`insert into backfill_slot (backfill_id, slot_utc, state, reason)
    select ${id}::text, w.at, w.state, w.reason
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (at timestamptz, state text, reason text)`.execute(
    trx,
  );
}

/** Of one that is not over. */
async function change(
  db: Db,
  id: string,
  principal: Principal,
  work: (trx: Db, row: BackfillRow) => Promise<void> | undefined,
): Promise<Backfill> {
  return db.transaction().execute(async (trx) => {
    const row = await theBackfill(trx, id, principal, true);
    if (row.ended_at !== null || row.state === 'canceled') {
      throw new Refusal(scheduleErrors.error('BACKFILL_OVER', { id, state: row.state }), 409);
    }
    await work(trx, row);
    return backfillOf(await theBackfill(trx, id, principal));
  });
}

/** Whoever goes on with it has looked at the failures: they are counted anew. */
async function setState(
  trx: Db,
  row: BackfillRow,
  { state, reason }: { readonly state: 'running' | 'paused'; readonly reason: string | null },
): Promise<void> {
  await trx
    .updateTable('backfill')
    .set({
      state,
      reason,
      failures_left: row.failures_max,
      version: row.version + 1,
      updated_at: sql<string>`dispatch.now()`,
    })
    .where('id', '=', row.id)
    .execute();
}

/** It is over at once, unless something of it runs. */
async function cancel(trx: Db, row: BackfillRow): Promise<void> {
  await sql`update backfill_slot set state = 'canceled' where backfill_id = ${row.id} and state = 'waiting'`.execute(
    trx,
  );
  await sql`update backfill set state = 'canceled', reason = null, version = version + 1, updated_at = dispatch.now(),
      ended_at = case when not exists (select from backfill_slot where backfill_id = backfill.id and state = 'running')
        then dispatch.now() end
    where id = ${row.id}`.execute(trx);
}

async function runsOf(db: Db, id: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select run_id as id from backfill_slot where backfill_id = ${id} and state = 'running'`.execute(db);
  return rows.map(({ id: runId }) => runId);
}
