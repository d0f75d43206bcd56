/** The API of schedules, one at a time; many at once are in `schedule-bulk.ts`. */
import { assertVersion } from '#control/definitions/versions.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { calendarOf } from './calendar.ts';
import { nextFirings } from './firings.ts';
import { checkedTiming, patternOf, patternWords, timingColumns } from './patterns.ts';
import { bulkHandlers } from './schedule-bulk.ts';
import { changeSchedule, createSchedule, databaseNow, deleteSchedule, lockedDefinition } from './schedule-changes.ts';
import { listHistory } from './schedule-history.ts';
import { listSchedules } from './schedule-list.ts';
import { policyHandlers } from './schedule-policy.ts';
import { scheduleOf, theSchedule } from './schedule-resource.ts';
import { timingOf } from './schedule-row.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'schedules'>;
type ReadId = 'list' | 'get' | 'firings' | 'firingsOf' | 'calendar' | 'history';
type WriteId = 'create' | 'update' | 'delete';

export function scheduleHandlers({ db }: Pick<Store, 'db'>): Handlers {
  return { ...readHandlers(db), ...writeHandlers(db), ...bulkHandlers(db), ...policyHandlers(db) };
}

function readHandlers(db: Db): Pick<Handlers, `schedules.${ReadId}`> {
  return {
    'schedules.list': ({ query, principal }) => listSchedules(db, principal, query),

    'schedules.history': ({ query, principal }) => listHistory(db, principal, query),

    'schedules.get': async ({ params, principal }) => scheduleOf(await theSchedule(db, params.id, principal)),

    async 'schedules.firings'({ params, query, principal }) {
      const row = await theSchedule(db, params.id, principal);
      const after = query.after === undefined ? await databaseNow(db) : Date.parse(query.after);
      const { time_zone: zone, cron } = row;
      return {
        timeZone: zone,
        words: patternWords(patternOf(row)),
        cron,
        isOn: row.is_enabled && row.is_definition_enabled,
        items: nextFirings(timingOf(row), { zone, after, count: query.count }),
      };
    },

    async 'schedules.firingsOf'({ body }) {
      const { pattern, count } = body;
      const { timing, zone } = checkedTiming(pattern, body.timeZone);
      const after = body.after === undefined ? await databaseNow(db) : Date.parse(body.after);
      return {
        timeZone: zone,
        words: patternWords(pattern),
        cron: timingColumns(pattern).cron,
        isOn: true,
        items: nextFirings(timing, { zone, after, count }),
      };
    },

    async 'schedules.calendar'({ params, query, principal }) {
      return calendarOf(db, await theSchedule(db, params.id, principal), query);
    },
  };
}

function writeHandlers(db: Db): Pick<Handlers, `schedules.${WriteId}`> {
  return {
    async 'schedules.create'({ params, body: settings, principal }) {
      return db.transaction().execute(async (trx) => {
        const definition = await lockedDefinition(trx, params.id, principal);
        if (definition === undefined) throw unknown('transfer', params.id);
        const id = await createSchedule(trx, definition, { settings, principal });
        return scheduleOf(await theSchedule(trx, id, principal));
      });
    },

    async 'schedules.update'({ params, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const row = await theSchedule(trx, params.id, principal, true);
        assertVersion('schedule', row.version, ifMatch);
        await changeSchedule(trx, row, { update: body, principal });
        return scheduleOf(await theSchedule(trx, params.id, principal));
      });
    },

    async 'schedules.delete'({ params, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const row = await theSchedule(trx, params.id, principal, true);
        if (ifMatch !== undefined) assertVersion('schedule', row.version, ifMatch);
        await deleteSchedule(trx, row, principal);
      });
    },
  };
}
