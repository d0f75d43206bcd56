/** A workspace's own rule for schedules that always fail. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { SchedulePolicy } from '#api/resources/schedule.ts';
import { assertVersion } from '#control/definitions/versions.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import type { SchedulePolicyTable } from '#control/store/schedule-tables.ts';
import type { Store } from '#control/store/store.ts';
import { ruleOfAll } from './switch-off.ts';

type Db = Store['db'];
type Handlers = Pick<HandlersOf<'schedules'>, 'schedules.policy' | 'schedules.setPolicy'>;

export function policyHandlers(db: Db): Handlers {
  return {
    'schedules.policy': ({ principal }) => policyOf(db, principal.workspaceId),

    async 'schedules.setPolicy'({ body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const { workspaceId } = principal;
        // Two at once, of which neither sees the row of the other: one waits here.
        await sql`select from workspace where id = ${workspaceId} for no key update`.execute(trx);
        const before = await policyOf(trx, workspaceId);
        assertVersion('rule', before.version, ifMatch);
        const row = {
          switches_off: body.switchesOff,
          failures_min: body.failuresMin,
          failing_days_min: body.failingDaysMin,
          version: before.version + 1,
        };
        await trx
          .insertInto('schedule_policy')
          .values({ workspace_id: workspaceId, ...row })
          .onConflict((conflict) =>
            conflict.column('workspace_id').doUpdateSet({ ...row, updated_at: sql<string>`dispatch.now()` }),
          )
          .execute();
        return policyOf(trx, workspaceId);
      });
    },
  };
}

async function policyOf(db: Db, workspaceId: string): Promise<SchedulePolicy> {
  const row = await db
    .selectFrom('schedule_policy')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? ruleOfAll : policyResource(row);
}

function policyResource(row: Selectable<SchedulePolicyTable>): SchedulePolicy {
  return {
    switchesOff: row.switches_off,
    failuresMin: row.failures_min,
    failingDaysMin: row.failing_days_min,
    version: row.version,
  };
}
