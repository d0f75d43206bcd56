/**
 * The question to an e-mail address whether it wants notices: a link that is good once and for a day. Its token is
 * derived, not drawn: it is in no database and no log, and a message that is sent again carries the same one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { sql } from 'kysely';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { ownTexts } from './default-templates.ts';
import { noticeErrors } from './errors.ts';
import type { NoticeSettings } from './settings.ts';

type Db = Store['db'];

export const LINK_HOURS = 24;
/** Nobody is to be bothered by questions: so many for an address, and an hour between two. */
export const LINKS_MAX = 5;
const LINK_PAUSE_S = 3600;
export const CONFIRM_PATH = '/notices/confirm';

export interface LinkSubject {
  readonly installationId: string;
  readonly addressId: string;
  readonly address: string;
  readonly linkNo: number;
}

export function linkToken(ring: KeyRing, subject: LinkSubject): string {
  const mac = macOf(ring.first('confirmation links'), subject).toString('base64url');
  return [subject.addressId, subject.linkNo, ring.firstId, mac].join('.');
}

function isTokenOf(ring: KeyRing, subject: LinkSubject, token: string): boolean {
  const [, , keyId = '', mac = '', ...rest] = token.split('.');
  const key = ring.byId(keyId, 'confirmation links');
  if (key === undefined || rest.length > 0) return false;
  const given = Buffer.from(mac, 'base64url');
  const right = macOf(key, subject);
  return given.length === right.length && timingSafeEqual(given, right);
}

function macOf(key: KeyObject, { installationId, addressId, address, linkNo }: LinkSubject): Buffer {
  // As JSON, in which no two subjects look alike.
  const text = JSON.stringify(['c1', installationId, addressId, address, linkNo]);
  return createHmac('sha256', key).update(text).digest();
}

interface Asked {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
}

/** Puts the question to the unconfirmed addresses on its way. `isAgain`: somebody asks for it, which has its limits. */
export async function askAddresses(trx: Db, destination: Asked, isAgain: boolean): Promise<void> {
  const { rows } = await sql<{ id: string; address: string; link_no: number; link_sent_at: string; may: boolean }>`
    select id, address, link_no, link_sent_at,
      link_no < ${LINKS_MAX}
        and coalesce(link_sent_at < dispatch.now() - make_interval(secs => ${LINK_PAUSE_S}), true) as may
    from notice_address where destination_id = ${destination.id} and confirmed_at is null
      and (${isAgain} or link_no = 0)
    order by id for update`.execute(trx);
  const [refused] = rows.filter(({ may }) => !may);
  if (refused !== undefined && rows.every(({ may }) => !may)) {
    const params = { address: refused.address, count: refused.link_no, at: refused.link_sent_at, limit: LINKS_MAX };
    throw noticeErrors.error('NOTICE_LINKS_EXCEEDED', params);
  }
  for (const { id, address } of rows.filter(({ may }) => may)) {
    await sql`update notice_address set link_no = link_no + 1, link_sent_at = dispatch.now()
      where id = ${id}`.execute(trx);
    await trx
      .insertInto('notice_delivery')
      .values({
        id: newId(),
        workspace_id: destination.workspaceId,
        kind: 'confirmation',
        destination_id: destination.id,
        destination_name: destination.name,
        address,
        subject: ownTexts.en.confirmSubject,
        body: '',
        state: 'waiting',
      })
      .execute();
  }
}

/** Text of the message, or undefined when the question is settled. */
export async function questionFor(
  db: Db,
  {
    keys,
    settings,
  }: { readonly keys: KeyRing; readonly settings: Pick<NoticeSettings, 'installationId' | 'publicUrl'> },
  { destinationId, address }: { readonly destinationId: string; readonly address: string },
): Promise<{ readonly subject: string; readonly text: string; readonly token: string } | undefined> {
  const { rows } = await sql<{ id: string; link_no: number; destination: string; workspace: string }>`
    select a.id, a.link_no, d.name as destination, w.name as workspace
    from notice_address a join notice_destination d on d.id = a.destination_id join workspace w on w.id = d.workspace_id
    where a.destination_id = ${destinationId} and a.address = ${address} and a.confirmed_at is null`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { installationId, publicUrl } = settings;
  if (publicUrl === undefined) {
    const reason = 'links need the public address of this installation (ROPEWAY_PUBLIC_URL)';
    throw noticeErrors.error('SMTP_MISSING', { reason });
  }
  const token = linkToken(keys, { installationId, addressId: row.id, address, linkNo: row.link_no });
  const parts = { ...row, url: `${publicUrl}${CONFIRM_PATH}?token=${token}`, hours: LINK_HOURS };
  const { en, ja } = ownTexts;
  return {
    subject: `${en.confirmSubject} / ${ja.confirmSubject}`,
    text: `${en.confirmBody(parts)}\n----\n\n${ja.confirmBody(parts)}`,
    token,
  };
}

/** Returns the address. Throws `NOTICE_LINK_REFUSED`, without saying why. */
export async function confirmAddress(
  db: Db,
  { keys, installationId }: { readonly keys: KeyRing; readonly installationId: string },
  token: string,
): Promise<string> {
  const [addressId = '', no = ''] = token.split('.');
  const refused = noticeErrors.error('NOTICE_LINK_REFUSED');
  if (!/^[0-9a-z]{26}$/.test(addressId) || !/^\d{1,6}$/.test(no)) throw refused;
  const row = await db.selectFrom('notice_address').select('address').where('id', '=', addressId).executeTakeFirst();
  const linkNo = Number(no);
  if (row === undefined || !isTokenOf(keys, { installationId, addressId, address: row.address, linkNo }, token)) {
    throw refused;
  }
  const { numAffectedRows = 0n } = await sql`
    update notice_address set confirmed_at = dispatch.now()
    where id = ${addressId} and link_no = ${linkNo} and confirmed_at is null
      and link_sent_at > dispatch.now() - make_interval(hours => ${LINK_HOURS})`.execute(db);
  if (numAffectedRows === 0n) throw refused;
  return row.address;
}
