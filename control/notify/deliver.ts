/**
 * Takes messages that wait, sends them, and writes down what became of them. A message is held by a lease while it is
 * sent: when its process dies, another one sends it once the lease is over, under the same id, by which a receiver that
 * had it knows it.
 */
import { sql } from 'kysely';
import { newId } from '#control/store/ids.ts';
import type { DestinationKind, NoticeDeliveryTable } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';
import { questionFor } from './confirmation.ts';
import { noticeErrors } from './errors.ts';
import { sendOutgoing } from './outgoing.ts';
import type { SendParts } from './outgoing.ts';
import { shownAnswer } from './send-outcome.ts';
import type { SendOutcome } from './send-outcome.ts';
import { isRopewayError } from '#spi/errors.ts';

type Db = Store['db'];

/** Longer than a try can take. */
const LEASE_S = 60;
/** At the same time to one destination, over all processes. */
const PER_DESTINATION_MAX = 2;
export const TRIES_MAX = 12;
const BACKOFF_FIRST_S = 10;
const BACKOFF_MAX_S = 1800;
/** News of yesterday is none. */
const AGE_HOURS_MAX = 24;
/** Failures in a row after which a destination counts as failing. */
const FAILING_AFTER = 3;
/** An address that failed so long ago counts no more. */
const OTHERS_S = 3600;

export interface Claimed {
  readonly id: string;
  readonly workspace_id: string;
  readonly kind: NoticeDeliveryTable['kind'];
  readonly destination_id: string;
  readonly destination_name: string;
  readonly address: string | null;
  readonly subject: string;
  readonly body: string;
  readonly tries: number;
  readonly round: number;
  readonly age_s: number;
  readonly lease_token: string;
  readonly destination: {
    readonly kind: DestinationKind;
    readonly config: Readonly<Record<string, unknown>>;
    readonly secrets: Readonly<Record<string, string>>;
  } | null;
}

/**
 * Up to so many that may go now. Each process takes others. Looked for at each destination apart: one that has
 * thousands waiting, is paused or hangs holds up no other.
 */
export async function claimDeliveries(db: Db, count: number): Promise<readonly Claimed[]> {
  const token = newId();
  const { rows } = await sql<Claimed>`
    with recursive places as (
      (select destination_id as id from notice_delivery where state = 'waiting' order by destination_id limit 1)
      union all
      select (select destination_id from notice_delivery where state = 'waiting' and destination_id > places.id
        order by destination_id limit 1)
      from places where places.id is not null),
    busy as (
      select destination_id, count(*) as n from notice_delivery
      where state = 'waiting' and lease_until >= (select dispatch.now()) group by destination_id),
    placed as (
      select first.id, first.next_try_at
      from places left join notice_destination t on t.id = places.id left join busy b on b.destination_id = places.id
      cross join lateral (
        select id, next_try_at from notice_delivery
        where destination_id = places.id and state = 'waiting' and next_try_at <= (select dispatch.now())
          and (lease_until is null or lease_until < (select dispatch.now()))
        order by next_try_at, id limit greatest(${PER_DESTINATION_MAX} - coalesce(b.n, 0), 0)) first
      where t.paused_until is null or t.paused_until <= (select dispatch.now())),
    taken as (
      select d.id from notice_delivery d join placed p on p.id = d.id
      where d.state = 'waiting' and (d.lease_until is null or d.lease_until < (select dispatch.now()))
      order by p.next_try_at limit ${count} for update of d skip locked),
    claimed as (
      update notice_delivery d set lease_token = ${token}, tries = d.tries + 1,
        lease_until = dispatch.now() + make_interval(secs => ${LEASE_S})
      from taken where d.id = taken.id returning d.*)
    select c.id, c.workspace_id, c.kind, c.destination_id, c.destination_name, c.address, c.subject, c.body, c.tries,
      c.round, c.lease_token, extract(epoch from dispatch.now() - c.queued_at)::float8 as age_s,
      case when t.id is null then null
        else jsonb_build_object('kind', t.kind, 'config', t.config, 'secrets', t.secrets) end as destination
    from claimed c left join notice_destination t on t.id = c.destination_id order by c.id`.execute(db);
  return rows;
}

/** Sends one, and writes it down. Returns what became of it. */
export async function deliverOne(parts: SendParts, claimed: Claimed): Promise<SendOutcome['outcome']> {
  const startedMs = performance.now();
  const said = await send(parts, claimed);
  const outcome = said.outcome === 'retry' && isExhausted(claimed) ? { ...said, outcome: 'failed' as const } : said;
  await writeDown(parts.db, claimed, outcome, Math.round(performance.now() - startedMs));
  return outcome.outcome;
}

function isExhausted({ tries, age_s: ageS }: Claimed): boolean {
  return tries >= TRIES_MAX || ageS > AGE_HOURS_MAX * 3600;
}

/** The same for each try; another one when it is sent again though it had arrived. */
export function messageKey({ id, round }: Pick<Claimed, 'id' | 'round'>): string {
  return round === 0 ? id : `${id}.${round}`;
}

async function send(parts: SendParts, claimed: Claimed): Promise<SendOutcome> {
  const { destination, destination_name: name, destination_id: id, address } = claimed;
  if (destination === null) return failed(noticeErrors.error('DESTINATION_GONE', { name }).message);
  // It was taken again and again, and its processes died over it.
  if (claimed.tries > TRIES_MAX) return failed('It was given up: nothing was heard of the tries before.');
  const outgoing = { destination: { id, ...destination }, address, key: messageKey(claimed) };
  if (claimed.kind !== 'confirmation' || address === null) {
    if (address !== null && !(await isConfirmed(parts.db, id, address))) {
      return failed(noticeErrors.error('NOTICE_ADDRESS_UNCONFIRMED', { address }).message);
    }
    return sendOutgoing(parts, { ...outgoing, subject: claimed.subject, body: claimed.body });
  }
  try {
    const question = await questionFor(parts.db, parts, { destinationId: id, address });
    if (question === undefined) return failed('The question is settled.');
    return await sendOutgoing(parts, {
      ...outgoing,
      subject: question.subject,
      body: question.text,
      secrets: [question.token],
    });
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return { outcome: 'retry', status: null, answer: shownAnswer(error.message, []) };
  }
}

async function isConfirmed(db: Db, destinationId: string, address: string): Promise<boolean> {
  const row = await db
    .selectFrom('notice_address')
    .select('confirmed_at')
    .where('destination_id', '=', destinationId)
    .where('address', '=', address)
    .executeTakeFirst();
  return row !== undefined && row.confirmed_at !== null;
}

function failed(answer: string): SendOutcome {
  return { outcome: 'failed', status: null, answer: shownAnswer(answer, []), isUnsent: true };
}

/** Seconds until the next try. The same for all processes; what fails together is spread by the ids. */
export function backoffS({ tries, id }: Pick<Claimed, 'tries' | 'id'>): number {
  const base = Math.min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** (tries - 1));
  const spread = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1000, 0) / 1000;
  return Math.round(base * (0.8 + 0.4 * spread));
}

async function writeDown(db: Db, claimed: Claimed, said: SendOutcome, durationMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const isMine = await close(trx, claimed, said);
    // Somebody else has it by now, and writes down what became of it there.
    if (!isMine) return;
    await sql`insert into notice_attempt (delivery_id, no, at, outcome, status, answer, duration_ms)
      select ${claimed.id}, coalesce(max(no), 0) + 1, dispatch.now(), ${said.outcome}, ${said.status}::int,
        ${said.answer}, ${durationMs}::int
      from notice_attempt where delivery_id = ${claimed.id}`.execute(trx);
    await judgeDestination(trx, claimed, said);
  });
}

async function close(trx: Db, claimed: Claimed, said: SendOutcome): Promise<boolean> {
  const { outcome, status, answer, retryAfterS } = said;
  const waitS = Math.max(backoffS(claimed), retryAfterS ?? 0);
  const state = outcome === 'sent' ? 'sent' : outcome === 'failed' ? 'dead' : 'waiting';
  const { numAffectedRows = 0n } = await sql`
    update notice_delivery set state = ${state}, lease_token = null, lease_until = null,
      last_status = ${status}, last_answer = ${answer},
      sent_at = case when ${state} = 'sent' then dispatch.now() else sent_at end,
      dead_at = case when ${state} = 'dead' then dispatch.now() end,
      next_try_at = case when ${state} = 'waiting' then dispatch.now() + make_interval(secs => ${waitS})
        else next_try_at end
    where id = ${claimed.id} and lease_token = ${claimed.lease_token} and state = 'waiting'`.execute(trx);
  return numAffectedRows > 0n;
}

/** That one begins to fail is an event, once for each time that it does. */
async function judgeDestination(trx: Db, claimed: Claimed, said: SendOutcome): Promise<void> {
  const { destination_id: id, destination_name: name } = claimed;
  if (said.isUnsent === true) return;
  if (said.outcome === 'sent') {
    // One address of several that works does not make the others work: else each message would begin it anew.
    const others = sql`exists (select from notice_delivery o where o.workspace_id = ${claimed.workspace_id}
      and o.destination_id = ${id} and o.address <> ${claimed.address} and o.state = 'dead' and o.tries > 0
      and o.dead_at > dispatch.now() - make_interval(secs => ${OTHERS_S}))`;
    await sql`update notice_destination set failures_in_row = 0, paused_until = null, last_sent_at = dispatch.now(),
        failing_since = case when ${others} then failing_since end
      where id = ${id}`.execute(trx);
    return;
  }
  const isDead = said.outcome === 'failed';
  const { rows } = await sql<{ begins: boolean; since: string }>`
    with before as (select id, failing_since from notice_destination where id = ${id} for update)
    update notice_destination d set failures_in_row = d.failures_in_row + 1, last_error = ${said.answer},
      failing_since = case when ${isDead} or d.failures_in_row + 1 >= ${FAILING_AFTER}
        then coalesce(d.failing_since, dispatch.now()) else d.failing_since end,
      paused_until = case when ${said.retryAfterS ?? null}::float8 is null then d.paused_until
        else dispatch.now() + make_interval(secs => ${said.retryAfterS ?? 0}) end
    from before where d.id = before.id
    returning before.failing_since is null and d.failing_since is not null as begins, d.failing_since as since`.execute(
    trx,
  );
  const [destination] = rows;
  if (destination?.begins !== true) return;
  await trx
    .insertInto('notice_event')
    .values({
      id: newId(),
      workspace_id: claimed.workspace_id,
      event: 'destination_failing',
      event_key: `destination_failing:${id}:${destination.since}`,
      destination_id: id,
      fields: JSON.stringify({ failing_destination: name, failing_reason: said.answer }),
      at: sql<string>`dispatch.now()`,
    })
    .execute();
}
