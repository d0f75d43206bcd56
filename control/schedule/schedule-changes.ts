/** Schedules are made, changed and deleted here, one at a time, with what is told of it; who may is asked before. */
import { sql } from 'kysely';
import { SCHEDULES_PER_DEFINITION_MAX } from '#api/resources/schedule.ts';
import type { ScheduleSettings, ScheduleUpdate } from '#api/resources/schedule.ts';
import { definedOnly } from '#control/defined-only.ts';
import { visibleTo } from '#control/auth/visible.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import { scheduleErrors } from './errors.ts';
import { nextSlot } from './next-slot.ts';
import type { Timing } from './next-slot.ts';
import { checkedTiming, timingColumns } from './patterns.ts';
import { changesOf, writeEvents } from './schedule-history.ts';
import { settingsOf } from './schedule-resource.ts';
import type { FullRow } from './schedule-resource.ts';
import { slotText } from './schedule-row.ts';
import { tzdataVersion } from './zone-offsets.ts';

type Db = Store['db'];

export interface ScheduledDefinition {
  readonly id: string;
  readonly name: string;
  readonly group_id: string | null;
}

/** Of what schedules can run, as far as it may be seen. */
export function lockedDefinition(trx: Db, id: string, principal: Principal): Promise<ScheduledDefinition | undefined> {
  return trx
    .selectFrom('definition')
    .select(['id', 'name', 'group_id'])
    .where('id', '=', id)
    .where('workspace_id', '=', principal.workspaceId)
    .where('kind', '=', 'transfer')
    .where(visibleTo(principal, 'definition.group_id'))
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** A definition that is locked, so that two at once do not make one too many. Returns the id. */
export async function createSchedule(
  trx: Db,
  definition: ScheduledDefinition,
  { settings, principal }: { readonly settings: ScheduleSettings; readonly principal: Principal },
): Promise<string> {
  const { timing, zone } = checkedTiming(settings.pattern, settings.timeZone);
  const { count } = await trx
    .selectFrom('schedule')
    .select((is) => is.fn.countAll<string>().as('count'))
    .where('definition_id', '=', definition.id)
    .executeTakeFirstOrThrow();
  if (Number(count) >= SCHEDULES_PER_DEFINITION_MAX) {
    const params = { name: definition.name, most: SCHEDULES_PER_DEFINITION_MAX };
    throw new Refusal(scheduleErrors.error('SCHEDULES_TOO_MANY', params), 409);
  }
  const told = { id: newId(), workspace_id: principal.workspaceId, definition_id: definition.id };
  await trx
    .insertInto('schedule')
    .values({
      ...told,
      ...columnsOf(settings, zone),
      is_enabled: settings.isEnabled,
      next_slot_utc: await nextFromNow(trx, timing),
      created_by: principal.actor,
    })
    .execute();
  const { pattern, timeZone } = settings;
  await writeEvents(trx, [told], {
    kind: 'created',
    actor: principal.actor,
    changes: { pattern: { before: null, after: pattern }, timeZone: { before: null, after: timeZone } },
  });
  return told.id;
}

/** Of a row that is locked. What is as it was makes no new version. */
export async function changeSchedule(
  trx: Db,
  row: FullRow,
  { update, principal }: { readonly update: ScheduleUpdate; readonly principal: Principal },
): Promise<void> {
  const before = settingsOf(row);
  const wanted: ScheduleSettings = { ...before, ...definedOnly(update) };
  const isOtherTiming = update.pattern !== undefined || update.timeZone !== undefined;
  const checked = isOtherTiming ? checkedTiming(wanted.pattern, wanted.timeZone) : undefined;
  const after: ScheduleSettings = { ...wanted, timeZone: checked?.zone ?? before.timeZone };
  const changes = changesOf(before, after);
  const fields = Object.keys(changes);
  if (fields.length === 0) return;
  const isMoved = checked !== undefined && (fields.includes('pattern') || fields.includes('timeZone'));
  await trx
    .updateTable('schedule')
    .set({
      ...columnsOf(after, after.timeZone),
      ...(fields.includes('isEnabled') ? switched(after.isEnabled) : {}),
      ...(isMoved ? { next_slot_utc: await nextFromNow(trx, checked.timing) } : {}),
      version: row.version + 1,
      updated_at: sql<string>`dispatch.now()`,
    })
    .where('id', '=', row.id)
    .execute();
  const { isEnabled, ...others } = changes;
  if (isEnabled !== undefined) await tellSwitch(trx, row, { isEnabled: after.isEnabled, principal });
  if (Object.keys(others).length > 0) {
    await writeEvents(trx, [row], { kind: 'changed', actor: principal.actor, changes: others });
  }
}

function tellSwitch(
  trx: Db,
  row: FullRow,
  { isEnabled, principal }: { readonly isEnabled: boolean; readonly principal: Principal },
): Promise<void> {
  return writeEvents(trx, [row], { kind: isEnabled ? 'switched_on' : 'switched_off', actor: principal.actor });
}

/** Whoever switches it on again has looked at it: failures are counted anew. */
function switched(isEnabled: boolean): object {
  const anew = isEnabled ? { failures: 0, failing_since: null } : {};
  return { is_enabled: isEnabled, off_reason: null, ...anew };
}

export async function deleteSchedule(trx: Db, row: FullRow, principal: Principal): Promise<void> {
  await trx.deleteFrom('schedule').where('id', '=', row.id).execute();
  const { pattern, timeZone } = settingsOf(row);
  await writeEvents(trx, [row], {
    kind: 'deleted',
    actor: principal.actor,
    changes: { pattern: { before: pattern, after: null }, timeZone: { before: timeZone, after: null } },
  });
}

function columnsOf(settings: ScheduleSettings, zone: string) {
  return {
    ...timingColumns(settings.pattern),
    pattern: json(settings.pattern),
    time_zone: zone,
    variables: json(settings.variables),
    catchup: settings.catchup,
    catchup_max: settings.catchupMax,
    max_lateness_s: settings.maxLatenessS,
    overlap: settings.overlap,
    jitter_s: settings.jitterS,
    tzdata_version: tzdataVersion,
  };
}

async function nextFromNow(trx: Db, timing: Timing): Promise<string | null> {
  const next = nextSlot(timing, await databaseNow(trx));
  return next === undefined ? null : slotText(next.at);
}

/** Milliseconds since 1970. */
export async function databaseNow(db: Db): Promise<number> {
  const { rows } = await sql<{ now: string }>`select dispatch.now() as now`.execute(db);
  return Date.parse(rows[0]?.now ?? '');
}
