/** Schedules as rows and as resources. */
import { sql } from 'kysely';
import type { Schedule, ScheduleSettings } from '#api/resources/schedule.ts';
import { visibleTo } from '#control/auth/visible.ts';
import type { Principal } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { patternOf, patternWords } from './patterns.ts';

type Db = Store['db'];

/** When it fires next; what is off fires never, which is at the end of all times. */
export const FAR = '9999-12-31T00:00:00.000000Z';
const nextAt = sql<string>`case when schedule.is_enabled and definition.is_enabled
  then coalesce(schedule.next_slot_utc, ${FAR}::timestamptz) else ${FAR}::timestamptz end`;

/** Of those that may be seen. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectSchedules(db: Db, principal: Principal) {
  return db
    .selectFrom('schedule')
    .innerJoin('definition', 'definition.id', 'schedule.definition_id')
    .selectAll('schedule')
    .select([
      'definition.kind as definition_kind',
      'definition.name as definition_name',
      'definition.group_id',
      'definition.is_enabled as is_definition_enabled',
      nextAt.as('next_at'),
    ])
    .where('schedule.workspace_id', '=', principal.workspaceId)
    .where(visibleTo(principal, 'definition.group_id'));
}

export { nextAt };

export type FullRow = Awaited<ReturnType<ReturnType<typeof selectSchedules>['executeTakeFirstOrThrow']>>;

/** Locked when it is to be changed; the scheduler passes it over meanwhile. */
export async function theSchedule(db: Db, id: string, principal: Principal, isLocked = false): Promise<FullRow> {
  const query = selectSchedules(db, principal).where('schedule.id', '=', id);
  const found = await (isLocked ? query.forNoKeyUpdate(['schedule']) : query).executeTakeFirst();
  if (found === undefined) throw unknown('schedule', id);
  return found;
}

export function scheduleOf(row: FullRow): Schedule {
  const pattern = patternOf(row);
  return {
    id: row.id,
    definitionId: row.definition_id,
    definitionKind: row.definition_kind,
    definitionName: row.definition_name,
    groupId: row.group_id,
    isDefinitionEnabled: row.is_definition_enabled,
    offReason: row.off_reason,
    words: patternWords(pattern),
    cron: row.cron,
    ...settingsOf(row, pattern),
    nextSlot: row.next_at === FAR ? null : row.next_at,
    failures: row.failures,
    failingSince: row.failing_since,
    createdBy: row.created_by,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What a person has set. */
export function settingsOf(row: FullRow, pattern = patternOf(row)): ScheduleSettings {
  return {
    pattern,
    timeZone: row.time_zone,
    isEnabled: row.is_enabled,
    variables: { ...row.variables },
    catchup: row.catchup,
    catchupMax: row.catchup_max,
    maxLatenessS: row.max_lateness_s,
    overlap: row.overlap,
    jitterS: row.jitter_s,
  };
}
