/**
 * Many schedules at once. Each is a transaction of its own, so that one that is refused leaves the others as they are,
 * and the scheduler waits for none of them. What may not be seen is not found.
 */
import type { Role } from '#api/endpoint.ts';
import { SCHEDULES_AT_ONCE_MAX } from '#api/resources/schedule.ts';
import type { ScheduleOutcomes } from '#api/resources/schedule.ts';
import { holds, roleIn } from '#control/auth/rights.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { invalid } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { isRopewayError } from '#spi/errors.ts';
import { changeSchedule, createSchedule, deleteSchedule, lockedDefinition } from './schedule-changes.ts';
import { selectSchedules, theSchedule } from './schedule-resource.ts';
import type { FullRow } from './schedule-resource.ts';

type Db = Store['db'];
type BulkId = 'schedules.createMany' | 'schedules.switch' | 'schedules.deleteMany';
type Outcome = ScheduleOutcomes['items'][number];

export function bulkHandlers(db: Db): Pick<HandlersOf<'schedules'>, BulkId> {
  return {
    async 'schedules.createMany'({ body, principal }) {
      const items: Outcome[] = [];
      for (const definitionId of new Set(body.definitionIds)) {
        const make = () => createFor(db, definitionId, { settings: body.schedule, principal });
        items.push(await outcomeOf({ id: null, definitionId }, make));
      }
      return summary(items, false);
    },

    'schedules.switch': ({ body, principal }) => {
      const { isEnabled } = body;
      return forEach(db, principal, {
        ...body,
        role: 'operator',
        isWanted: (row) => row.is_enabled !== isEnabled,
        change: (trx, row) => changeSchedule(trx, row, { update: { isEnabled }, principal }),
      });
    },

    'schedules.deleteMany': ({ body, principal }) =>
      forEach(db, principal, {
        ...body,
        role: 'editor',
        isWanted: () => true,
        change: (trx, row) => deleteSchedule(trx, row, principal),
      }),
  };
}

function createFor(
  db: Db,
  definitionId: string,
  { settings, principal }: Parameters<typeof createSchedule>[2],
): Promise<Outcome> {
  return db.transaction().execute(async (trx) => {
    const definition = await lockedDefinition(trx, definitionId, principal);
    if (definition === undefined) return { id: null, definitionId: null, outcome: 'not_found' };
    if (!holds(roleIn(principal, definition.group_id), 'editor')) {
      return { id: null, definitionId, outcome: 'role_missing' };
    }
    return { id: await createSchedule(trx, definition, { settings, principal }), definitionId, outcome: 'done' };
  });
}

interface Bulk {
  readonly ids?: readonly string[] | undefined;
  readonly definitionIds?: readonly string[] | undefined;
  readonly role: Role;
  readonly isWanted: (row: FullRow) => boolean;
  readonly change: (trx: Db, row: FullRow) => Promise<void>;
}

async function forEach(db: Db, principal: Principal, bulk: Bulk): Promise<ScheduleOutcomes> {
  const { ids = [], definitionIds = [] } = bulk;
  if (ids.length + definitionIds.length === 0) {
    throw invalid([{ in: 'body', path: [], message: 'either ids or definitionIds is needed' }]);
  }
  const named = [...new Set(ids)].map((id) => ({ id, definitionId: null }));
  const owned = await schedulesOf(db, principal, bulk);
  const all = [...named, ...owned.filter(({ id }) => !ids.includes(id))];
  const items: Outcome[] = [];
  for (const each of all.slice(0, SCHEDULES_AT_ONCE_MAX)) {
    items.push(await outcomeOf(each, () => changeOne(db, each.id, { principal, bulk })));
  }
  return summary(items, all.length > SCHEDULES_AT_ONCE_MAX);
}

/** Of the definitions; those that need no change are left out, so that who asks again gets on. */
async function schedulesOf(
  db: Db,
  principal: Principal,
  { definitionIds = [], isWanted }: Bulk,
): Promise<{ id: string; definitionId: string }[]> {
  if (definitionIds.length === 0) return [];
  const rows = await selectSchedules(db, principal)
    .where('schedule.definition_id', 'in', [...definitionIds])
    .orderBy('schedule.id')
    .execute();
  return rows.filter(isWanted).map((row) => ({ id: row.id, definitionId: row.definition_id }));
}

function changeOne(
  db: Db,
  id: string,
  { principal, bulk }: { readonly principal: Principal; readonly bulk: Bulk },
): Promise<Outcome> {
  return db.transaction().execute(async (trx) => {
    const row = await theSchedule(trx, id, principal, true);
    const definitionId = row.definition_id;
    if (!holds(roleIn(principal, row.group_id), bulk.role)) return { id, definitionId, outcome: 'role_missing' };
    if (!bulk.isWanted(row)) return { id, definitionId, outcome: 'unchanged' };
    await bulk.change(trx, row);
    return { id, definitionId, outcome: 'done' };
  });
}

async function outcomeOf(
  named: { readonly id: string | null; readonly definitionId: string | null },
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (!isRopewayError(error) || error.kind !== 'config') throw error;
    if (error.code === 'RESOURCE_UNKNOWN') return { ...named, outcome: 'not_found' };
    return { ...named, outcome: 'refused', reason: error.message };
  }
}

function summary(items: Outcome[], hasMore: boolean): ScheduleOutcomes {
  return { items, done: items.filter(({ outcome }) => outcome === 'done').length, hasMore };
}
