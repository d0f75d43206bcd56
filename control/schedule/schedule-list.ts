/** Schedules of all definitions, in pages. */
import { sql } from 'kysely';
import type { SchedulesQuery } from '#api/endpoints/schedules.ts';
import type { Schedule } from '#api/resources/schedule.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, latestFirst } from '#control/http/sorted-list.ts';
import type { Sorting } from '#control/http/sorted-list.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import { nextAt, scheduleOf, selectSchedules } from './schedule-resource.ts';
import type { FullRow } from './schedule-resource.ts';

const sortings: Readonly<Record<SchedulesQuery['sort'], Sorting<FullRow>>> = {
  nextSlot: {
    by: nextAt,
    type: 'timestamptz',
    direction: 'asc',
    id: 'schedule.id',
    position: (row) => row.next_at,
  },
  definitionName: {
    by: sql.ref('definition.name'),
    type: 'text',
    direction: 'asc',
    id: 'schedule.id',
    position: (row) => row.definition_name,
  },
  '-updatedAt': latestFirst('updated_at', 'schedule'),
};

export async function listSchedules(
  db: Store['db'],
  principal: Principal,
  query: SchedulesQuery,
): Promise<{ items: Schedule[]; next?: string }> {
  const list = new SortedList(`schedules.${query.sort}`, query, sortings[query.sort]);
  let rows = selectSchedules(db, principal);
  if (query.q !== undefined) rows = rows.where('definition.name', 'ilike', containing(query.q));
  if (query.definitionId !== undefined) rows = rows.where('schedule.definition_id', '=', query.definitionId);
  if (query.groupId !== undefined) rows = rows.where('definition.group_id', '=', query.groupId);
  if (query.isEnabled !== undefined) rows = rows.where('schedule.is_enabled', '=', query.isEnabled);
  if (query.timeZone !== undefined) rows = rows.where('schedule.time_zone', '=', query.timeZone);
  return list.page(await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute(), scheduleOf);
}
