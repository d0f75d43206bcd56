/**
 * From notices to messages: one for each, or one for many when many come up at once. A rule is looked after by one
 * process at a time; the message and the mark of its notices are one transaction.
 */
import { sql } from 'kysely';
import { newId } from '#control/store/ids.ts';
import type { DestinationKind, NoticeEventKind, NoticeLanguage } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';
import { noticeErrors } from './errors.ts';
import { makeGroup, makeMessage } from './message.ts';
import type { Message, MessageSpec } from './message.ts';
import type { NoticeFields } from './template.ts';

type Db = Store['db'];

/** So many of a rule go one by one within the window; what is more waits for its end, and goes together. */
const SINGLE_MAX = 5;
const WINDOW_S = 30;
const GROUP_MAX = 1000;
const RULES_MAX = 50;
/** Among the advisory locks of the database. */
const LOCK_CLASS = 0x726f_706e;

export interface BatchOptions {
  readonly singleMax?: number;
  readonly windowS?: number;
}

interface RuleRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly event: NoticeEventKind;
  readonly language: NoticeLanguage;
  readonly subject: string | null;
  readonly body: string | null;
  readonly is_grouped: boolean;
  readonly destination_id: string;
  readonly destination_name: string;
  readonly kind: DestinationKind;
  readonly config: Readonly<Record<string, unknown>>;
}

interface PendingRow {
  readonly id: string;
  readonly fields: NoticeFields;
  readonly group_id: string | null;
  readonly age_s: number;
}

/** Returns how many messages were made. */
export async function batchNotices(db: Db, options: BatchOptions = {}): Promise<number> {
  const { windowS = WINDOW_S } = options;
  const { rows } = await sql<{ id: string }>`
    select rule_id as id from notice where not is_batched group by rule_id order by min(created_at) limit ${RULES_MAX}`.execute(
    db,
  );
  let made = 0;
  let failure: unknown;
  for (const { id } of rows) {
    try {
      made += await batchRule(db, id, { ...options, windowS });
    } catch (error) {
      // One rule must not hold up the others.
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return made;
}

async function batchRule(
  db: Db,
  ruleId: string,
  { singleMax = SINGLE_MAX, windowS = WINDOW_S }: BatchOptions,
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const { rows: lock } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(${LOCK_CLASS}::int, hashtext(${ruleId})) as mine`.execute(trx);
    if (lock[0]?.mine !== true) return 0;
    const rule = await theRule(trx, ruleId);
    if (rule === undefined) return 0;
    const { rows: pending } = await sql<PendingRow>`
      select id, fields, group_id, extract(epoch from (select dispatch.now()) - created_at)::float8 as age_s
      from notice where rule_id = ${ruleId} and not is_batched order by created_at, id limit ${GROUP_MAX} for update`.execute(
      trx,
    );
    if (pending.length === 0) return 0;
    const recent = rule.is_grouped ? await recentCount(trx, ruleId, windowS) : 0;
    const areFew = !rule.is_grouped || pending.length + recent <= singleMax;
    const oldestS = pending[0]?.age_s ?? 0;
    if (!areFew && oldestS < windowS && pending.length < GROUP_MAX) return 0;
    const made = areFew || pending.length === 1 ? await single(trx, rule, pending) : await group(trx, rule, pending);
    await sql`update notice set is_batched = true where id = any(${pending.map(({ id }) => id)}::text[])`.execute(trx);
    return made;
  });
}

async function theRule(trx: Db, id: string): Promise<RuleRow | undefined> {
  const { rows } = await sql<RuleRow>`
    select q.id, q.workspace_id, q.name, q.event, q.language, q.subject, q.body, q.is_grouped, q.destination_id,
      d.name as destination_name, d.kind, d.config
    from notice_rule q join notice_destination d on d.id = q.destination_id where q.id = ${id}`.execute(trx);
  return rows[0];
}

async function recentCount(trx: Db, ruleId: string, windowS: number): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from notice where rule_id = ${ruleId} and is_batched
      and created_at > (select dispatch.now()) - make_interval(secs => ${windowS})`.execute(trx);
  return rows[0]?.n ?? 0;
}

function specOf(rule: RuleRow): MessageSpec {
  const { contentType } = rule.config;
  return { ...rule, contentType: typeof contentType === 'string' ? contentType : undefined };
}

async function single(trx: Db, rule: RuleRow, pending: readonly PendingRow[]): Promise<number> {
  let made = 0;
  for (const { id, fields, group_id: groupId } of pending) {
    made += await put(trx, rule, { kind: 'notice', groupId, message: makeMessage(specOf(rule), fields), ids: [id] });
  }
  return made;
}

async function group(trx: Db, rule: RuleRow, pending: readonly PendingRow[]): Promise<number> {
  const message = makeGroup(
    specOf(rule),
    rule.name,
    pending.map(({ fields }) => fields),
  );
  // Of several groups, nobody sees it who does not see them all.
  const groups = new Set(pending.map(({ group_id: groupId }) => groupId));
  const [first = null] = groups;
  const groupId = groups.size === 1 ? first : null;
  return put(trx, rule, { kind: 'group', groupId, message, ids: pending.map(({ id }) => id) });
}

interface Target {
  readonly address: string | null;
  readonly isConfirmed: boolean;
}

interface Made {
  readonly kind: 'notice' | 'group';
  readonly groupId: string | null;
  readonly message: Message;
  readonly ids: readonly string[];
}

/** One delivery, or one for each address: what one of them refuses must not be sent to the others again. */
async function put(trx: Db, rule: RuleRow, { kind, groupId, message, ids }: Made): Promise<number> {
  const targets = await targetsOf(trx, rule);
  for (const { address, isConfirmed } of targets) {
    const id = newId();
    const unconfirmed = noticeErrors.error('NOTICE_ADDRESS_UNCONFIRMED', { address: address ?? '' }).message;
    await trx
      .insertInto('notice_delivery')
      .values({
        id,
        workspace_id: rule.workspace_id,
        kind,
        group_id: groupId,
        rule_id: rule.id,
        rule_name: rule.name,
        destination_id: rule.destination_id,
        destination_name: rule.destination_name,
        address,
        ...message,
        notice_count: ids.length,
        // Not sent, and said: it is in the list of what was given up, and can be sent once the address is confirmed.
        ...(isConfirmed
          ? { state: 'waiting' as const }
          : { state: 'dead' as const, last_answer: unconfirmed, dead_at: sql<string>`dispatch.now()` }),
        created_at: sql<string>`dispatch.now()`,
      })
      .execute();
    await sql`insert into notice_in_delivery (delivery_id, notice_id)
      select ${id}, unnest(${ids}::text[])`.execute(trx);
  }
  return targets.length;
}

async function targetsOf(trx: Db, { kind, destination_id: id }: RuleRow): Promise<readonly Target[]> {
  if (kind !== 'email') return [{ address: null, isConfirmed: true }];
  const rows = await trx
    .selectFrom('notice_address')
    .select(['address', 'confirmed_at'])
    .where('destination_id', '=', id)
    .orderBy('address')
    .execute();
  return rows.map((row) => ({ address: row.address, isConfirmed: row.confirmed_at !== null }));
}
