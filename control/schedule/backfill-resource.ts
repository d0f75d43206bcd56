/** Back-fills as rows and as resources. */
import { sql } from 'kysely';
import type { Backfill } from '#api/resources/backfill.ts';
import { visibleTo } from '#control/auth/visible.ts';
import type { Principal } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];
type Progress = Backfill['progress'];

/** Counted when it is asked for: ten thousand rows at most. */
const counts = sql<Readonly<Partial<Record<keyof Progress, number>>>>`(
  select coalesce(jsonb_object_agg(state, count), '{}') from (
    select state, count(*)::int as count from backfill_slot
    where backfill_slot.backfill_id = backfill.id group by state) as slots)`;

/** Of those that may be seen. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectBackfills(db: Db, principal: Principal) {
  return db
    .selectFrom('backfill')
    .innerJoin('definition', 'definition.id', 'backfill.definition_id')
    .selectAll('backfill')
    .select(['definition.name as definition_name', 'definition.group_id', counts.as('counts')])
    .where('backfill.workspace_id', '=', principal.workspaceId)
    .where(visibleTo(principal, 'definition.group_id'));
}

export type BackfillRow = Awaited<ReturnType<ReturnType<typeof selectBackfills>['executeTakeFirstOrThrow']>>;

export async function theBackfill(db: Db, id: string, principal: Principal, isLocked = false): Promise<BackfillRow> {
  const query = selectBackfills(db, principal).where('backfill.id', '=', id);
  const found = await (isLocked ? query.forNoKeyUpdate(['backfill']) : query).executeTakeFirst();
  if (found === undefined) throw unknown('backfill', id);
  return found;
}

export function backfillOf(row: BackfillRow): Backfill {
  const { waiting = 0, running = 0, done = 0, failed = 0, skipped = 0, canceled = 0 } = row.counts;
  return {
    id: row.id,
    scheduleId: row.schedule_id,
    definitionId: row.definition_id,
    definitionName: row.definition_name,
    groupId: row.group_id,
    from: row.from_utc,
    until: row.until_utc,
    order: row.sequence,
    redoesDone: row.redoes_done,
    concurrency: row.concurrency,
    failuresMax: row.failures_max,
    state: row.state,
    reason: row.reason,
    progress: { total: row.slots_total, waiting, running, done, failed, skipped, canceled },
    createdBy: row.created_by,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}
