/** A message that is sent at once, and says that it is a test: what becomes of it is the answer. */
import type { z } from 'zod';
import type { TestOutcome, testArguments } from '#api/resources/notice.ts';
import { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { NoticeDestinationTable } from '#control/store/notice-tables.ts';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { ownTexts } from './default-templates.ts';
import { noticeErrors } from './errors.ts';
import { checkTemplates, makeMessage } from './message.ts';
import type { Message } from './message.ts';
import { sendOutgoing } from './outgoing.ts';
import type { SendParts } from './outgoing.ts';
import { exampleFields } from './template.ts';

/** Of the destination, whose workspace has been looked at. */
export async function testDestination(
  parts: SendParts,
  destinationId: string,
  wanted: z.output<typeof testArguments>,
): Promise<TestOutcome[]> {
  const { db } = parts;
  const row = await db
    .selectFrom('notice_destination')
    .selectAll()
    .where('id', '=', destinationId)
    .executeTakeFirstOrThrow();
  const message = testMessage(row, wanted);
  const addresses = row.kind === 'email' ? await confirmedAddresses(parts, destinationId) : [null];
  // At once: somebody waits, and each may take as long as a try may.
  return Promise.all(addresses.map((address) => sendTest(parts, row, { ...message, address })));
}

function testMessage(
  { kind, config }: Selectable<NoticeDestinationTable>,
  { event, language, subject = null, body = null }: z.output<typeof testArguments>,
): Message {
  const { contentType } = config;
  const spec = {
    ...{ kind, event, language, subject, body },
    contentType: typeof contentType === 'string' ? contentType : undefined,
  };
  checkTemplates(spec);
  const mark = ownTexts[language].test;
  const fields = { ...exampleFields, event, rule_name: `${mark} ${exampleFields.rule_name}` };
  const message = makeMessage(spec, fields);
  return { ...message, subject: `${mark} ${message.subject}` };
}

async function confirmedAddresses({ db }: SendParts, destinationId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('notice_address')
    .select(['address', 'confirmed_at'])
    .where('destination_id', '=', destinationId)
    .orderBy('address')
    .execute();
  const confirmed = rows.filter((each) => each.confirmed_at !== null).map(({ address }) => address);
  if (confirmed.length > 0) return confirmed;
  const address = rows.map((each) => each.address).join(', ');
  throw new Refusal(noticeErrors.error('NOTICE_ADDRESS_UNCONFIRMED', { address }), 409);
}

async function sendTest(
  parts: SendParts,
  row: Selectable<NoticeDestinationTable>,
  { address, subject, body }: Message & { readonly address: string | null },
): Promise<TestOutcome> {
  const id = newId();
  const startedMs = performance.now();
  const said = await sendOutgoing(parts, { destination: row, address, subject, body, key: id, isTest: true });
  const durationMs = Math.round(performance.now() - startedMs);
  const { outcome, status, answer } = said;
  const now = sql<string>`dispatch.now()`;
  await parts.db
    .insertInto('notice_delivery')
    .values({
      ...{ id, workspace_id: row.workspace_id, kind: 'test', subject, body, address, tries: 1 },
      destination_id: row.id,
      destination_name: row.name,
      // Nobody waits for a test: it is not tried again.
      ...(outcome === 'sent' ? { state: 'sent' as const, sent_at: now } : { state: 'dead' as const, dead_at: now }),
      last_status: status,
      last_answer: answer,
      created_at: now,
    })
    .execute();
  await parts.db
    .insertInto('notice_attempt')
    .values({ delivery_id: id, no: 1, at: now, outcome, status, answer, duration_ms: durationMs })
    .execute();
  return { outcome, status, answer, durationMs, address };
}
