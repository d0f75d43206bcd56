/** What was done to schedules: written in the transaction that does it, and listed. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import type { HistoryQuery } from '#api/endpoints/schedules.ts';
import type { ScheduleEvent, ScheduleSettings } from '#api/resources/schedule.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { makeCursor, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { Principal } from '#control/http/handler.ts';
import { newId } from '#control/store/ids.ts';
import type { ScheduleEventKind } from '#control/store/schedule-tables.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';

type Db = Store['db'];
type Changes = Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;

export interface NewEvent {
  readonly kind: ScheduleEventKind;
  readonly actor: string;
  readonly isAutomatic?: boolean;
  readonly reason?: string;
  readonly changes?: Changes;
}

interface Told {
  readonly id: string;
  readonly workspace_id: string;
  readonly definition_id: string;
}

/** An event for each schedule. */
export async function writeEvents(db: Db, schedules: readonly Told[], event: NewEvent): Promise<void> {
  if (schedules.length === 0) return;
  const { kind, actor, isAutomatic = false, reason = null, changes = {} } = event;
  const rows = schedules.map((schedule) => ({
    id: newId(),
    workspace_id: schedule.workspace_id,
    definition_id: schedule.definition_id,
    schedule_id: schedule.id,
    kind,
    is_automatic: isAutomatic,
    actor,
    reason,
    changes: json(changes),
  }));
  await db.insertInto('schedule_event').values(rows).execute();
}

/** By field; of variables, which may hold anything, the names of those that are different. */
export function changesOf(before: ScheduleSettings, after: ScheduleSettings): Changes {
  const changes: Record<string, { before: unknown; after: unknown }> = {};
  for (const [field, value] of Object.entries(after)) {
    const old = before[field as keyof ScheduleSettings];
    if (field === 'variables' || isDeepStrictEqual(value, old)) continue;
    changes[field] = { before: old, after: value };
  }
  const names = [...new Set([...Object.keys(before.variables), ...Object.keys(after.variables)])].sort();
  const different = names.filter((name) => before.variables[name] !== after.variables[name]);
  if (different.length > 0) {
    const of = ({ variables }: ScheduleSettings): string[] => different.filter((name) => name in variables);
    changes['variables'] = { before: of(before), after: of(after) };
  }
  return changes;
}

export async function listHistory(
  db: Db,
  principal: Principal,
  query: HistoryQuery,
): Promise<{ items: ScheduleEvent[]; next?: string }> {
  const after = readCursor('schedules.history', query.cursor, [ID_PATTERN]);
  let rows = db
    .selectFrom('schedule_event')
    .innerJoin('definition', 'definition.id', 'schedule_event.definition_id')
    .selectAll('schedule_event')
    .select('definition.name as definition_name')
    .where('schedule_event.workspace_id', '=', principal.workspaceId)
    .where(visibleTo(principal, 'definition.group_id'));
  if (query.scheduleId !== undefined) rows = rows.where('schedule_event.schedule_id', '=', query.scheduleId);
  if (query.definitionId !== undefined) rows = rows.where('schedule_event.definition_id', '=', query.definitionId);
  if (query.isAutomatic !== undefined) rows = rows.where('schedule_event.is_automatic', '=', query.isAutomatic);
  if (after !== undefined) rows = rows.where(sql<boolean>`schedule_event.id < ${after[0]}`);
  const found = await rows
    .orderBy('schedule_event.id', 'desc')
    .limit(query.limit + 1)
    .execute();
  return pageOfRows(found, query.limit, {
    item: (row) => ({
      id: row.id,
      scheduleId: row.schedule_id,
      definitionId: row.definition_id,
      definitionName: row.definition_name,
      kind: row.kind,
      isAutomatic: row.is_automatic,
      actor: row.actor,
      reason: row.reason,
      // Written by changesOf().
      changes: row.changes as ScheduleEvent['changes'],
      at: row.at,
    }),
    cursor: ({ id }) => makeCursor('schedules.history', [id]),
  });
}
