/** The log of deliveries: what was sent where, what was answered, what was given up; and sending it again. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Delivery } from '#api/resources/notice.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { SortedList, latestFirst } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal, unknown } from '#control/http/refusal.ts';
import type { NoticeDeliveryTable } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';
import { noticeErrors } from './errors.ts';
import { NOTICES_CHANNEL } from './notifier.ts';

type Db = Store['db'];
type DeliveryRow = Selectable<NoticeDeliveryTable>;

/** Of a group that are listed. */
const NOTICES_SHOWN_MAX = 1000;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectDeliveries(db: Db, workspaceId: string) {
  return db.selectFrom('notice_delivery').selectAll().where('workspace_id', '=', workspaceId);
}

async function theDelivery(db: Db, id: string, workspaceId: string, isLocked = false): Promise<DeliveryRow> {
  const query = selectDeliveries(db, workspaceId).where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('delivery', id);
  return found;
}

export function deliveryHandlers({ db, hints }: Pick<Store, 'db' | 'hints'>): HandlersOf<'deliveries'> {
  return {
    async 'deliveries.list'({ query, principal }) {
      const list = new SortedList('deliveries', query, latestFirst('created_at'));
      let rows = selectDeliveries(db, principal.workspaceId).where(visibleTo(principal, 'group_id'));
      if (query.state !== undefined) rows = rows.where('state', '=', query.state);
      if (query.destinationId !== undefined) rows = rows.where('destination_id', '=', query.destinationId);
      if (query.ruleId !== undefined) rows = rows.where('rule_id', '=', query.ruleId);
      if (query.runId !== undefined) {
        rows = rows.where(sql<boolean>`id in (select i.delivery_id from notice_in_delivery i
          join notice n on n.id = i.notice_id where n.run_id = ${query.runId})`);
      }
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, deliveryOf);
    },

    async 'deliveries.get'({ params: { id }, principal }) {
      const row = await theDelivery(db, id, principal.workspaceId);
      const attempts = await db
        .selectFrom('notice_attempt')
        .select(['no', 'at', 'outcome', 'status', 'answer', 'duration_ms as durationMs'])
        .where('delivery_id', '=', id)
        .orderBy('no')
        .execute();
      const notices = await db
        .selectFrom('notice_in_delivery')
        .innerJoin('notice', 'notice.id', 'notice_in_delivery.notice_id')
        .select([
          'notice.event',
          'notice.run_id as runId',
          'notice.definition_id as transferId',
          'notice.created_at as at',
        ])
        .where('notice_in_delivery.delivery_id', '=', id)
        .orderBy('notice.created_at')
        .orderBy('notice.id')
        .limit(NOTICES_SHOWN_MAX)
        .execute();
      return { ...deliveryOf(row), body: row.body, attempts, notices };
    },

    async 'deliveries.resend'({ params: { id }, principal }) {
      const { workspaceId } = principal;
      await db.transaction().execute(async (trx) => {
        const { state, kind } = await theDelivery(trx, id, workspaceId, true);
        // Links have limits of their own.
        if (kind !== 'notice' && kind !== 'group') {
          throw new Refusal(noticeErrors.error('DELIVERY_NOT_REPEATED', { kind }), 409);
        }
        if (state === 'waiting') throw new Refusal(noticeErrors.error('DELIVERY_WAITS', { id }), 409);
        await sql`update notice_delivery set state = 'waiting', tries = 0, dead_at = null, queued_at = dispatch.now(),
            next_try_at = dispatch.now(), round = round + ${state === 'sent' ? 1 : 0}
          where id = ${id}`.execute(trx);
      });
      hints.tell(NOTICES_CHANNEL);
      return deliveryOf(await theDelivery(db, id, workspaceId));
    },
  };
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    kind: row.kind,
    ruleId: row.rule_id,
    ruleName: row.rule_name,
    destinationId: row.destination_id,
    destinationName: row.destination_name,
    address: row.address,
    subject: row.subject,
    noticeCount: row.notice_count,
    state: row.state,
    tries: row.tries,
    nextTryAt: row.state === 'waiting' ? row.next_try_at : null,
    lastStatus: row.last_status,
    lastAnswer: row.last_answer,
    createdAt: row.created_at,
    sentAt: row.sent_at,
  };
}
