/** Schedules of all definitions, in pages. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import type { SchedulesQuery } from '#api/endpoints/schedules.ts';
import type { Schedule } from '#api/resources/schedule.ts';
import { containing, instantPattern, makeCursor, namePattern, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import { nextAt, scheduleOf, selectSchedules } from './schedule-resource.ts';
import type { FullRow } from './schedule-resource.ts';

interface Order {
  readonly by: RawBuilder<unknown>;
  readonly position: (row: FullRow) => string;
  readonly pattern: RegExp;
  readonly isLatestFirst?: boolean;
}

const orders: Readonly<Record<SchedulesQuery['sort'], Order>> = {
  nextSlot: { by: nextAt, position: (row) => row.next_at, pattern: instantPattern },
  definitionName: { by: sql`definition.name`, position: (row) => row.definition_name, pattern: namePattern },
  '-updatedAt': {
    by: sql`schedule.updated_at`,
    position: (row) => row.updated_at,
    pattern: instantPattern,
    isLatestFirst: true,
  },
};

export async function listSchedules(
  db: Store['db'],
  principal: Principal,
  query: SchedulesQuery,
): Promise<{ items: Schedule[]; next?: string }> {
  const { by, position, pattern, isLatestFirst = false } = orders[query.sort];
  const list = `schedules.${query.sort}`;
  const after = readCursor(list, query.cursor, [pattern, ID_PATTERN]);
  let rows = selectSchedules(db, principal);
  if (query.q !== undefined) rows = rows.where('definition.name', 'ilike', containing(query.q));
  if (query.definitionId !== undefined) rows = rows.where('schedule.definition_id', '=', query.definitionId);
  if (query.groupId !== undefined) rows = rows.where('definition.group_id', '=', query.groupId);
  if (query.isEnabled !== undefined) rows = rows.where('schedule.is_enabled', '=', query.isEnabled);
  if (query.timeZone !== undefined) rows = rows.where('schedule.time_zone', '=', query.timeZone);
  if (after !== undefined) {
    const [at, id] = after;
    const place = pattern === instantPattern ? sql`${at}::timestamptz` : sql`${at}`;
    rows = rows.where(
      isLatestFirst
        ? sql<boolean>`(${by}, schedule.id) < (${place}, ${id})`
        : sql<boolean>`(${by}, schedule.id) > (${place}, ${id})`,
    );
  }
  const direction = isLatestFirst ? 'desc' : 'asc';
  const found = await rows
    .orderBy(by, direction)
    .orderBy('schedule.id', direction)
    .limit(query.limit + 1)
    .execute();
  return pageOfRows(found, query.limit, {
    item: scheduleOf,
    cursor: (row) => makeCursor(list, [position(row), row.id]),
  });
}
