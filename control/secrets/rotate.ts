/**
 * Puts all secrets under the first key of the ring. In small steps and without stopping anything: both keys open what
 * is there meanwhile. What is done stays done, so that a rotation that was cut short is simply started again.
 */
import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import { smtpPlace } from '#control/notify/smtp-server.ts';
import type { Tables } from '#control/store/tables.ts';
import { json } from '#control/store/values.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { keyIdOf, openSecret, sealSecret } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';
import { envelopeColumns, nextEnvelopes, replaceEnvelope } from './single-envelopes.ts';

const BATCH_ROWS = 100;
/** A connection that its user saves at the very moment is taken up again. */
const PASSES_MAX = 10;
/** Failures that are kept with their reasons. */
const FAILURES_MAX = 100;

export interface Rotation {
  /** Connections and the like whose secrets are under the first key now and were not before. */
  readonly rotated: number;
  /** What could not be opened, and stays as it is. */
  readonly failures: readonly RopewayError[];
  readonly failed: number;
  /** Whether the first key alone opens everything. */
  readonly isComplete: boolean;
}

type Envelopes = Readonly<Record<string, string>>;

export async function rotateSecrets(db: Kysely<Tables>, ring: KeyRing, signal?: AbortSignal): Promise<Rotation> {
  let rotated = 0;
  for (let pass = 1; ; pass++) {
    const { moved, missed, failures, failed } = await onePass(db, ring, signal);
    rotated += moved;
    if (missed > 0 && pass < PASSES_MAX) continue;
    const isComplete = missed === 0 && failed === 0 && signal?.aborted !== true;
    // Who has an old key alone is refused from now on.
    if (isComplete) await db.deleteFrom('secret_key').where('id', '!=', ring.firstId).execute();
    return { rotated, failures, failed, isComplete };
  }
}

interface Pass {
  moved: number;
  /** Were changed by somebody else at the same time. */
  missed: number;
  failed: number;
  readonly failures: RopewayError[];
}

async function onePass(db: Kysely<Tables>, ring: KeyRing, signal: AbortSignal | undefined): Promise<Pass> {
  const pass: Pass = { moved: 0, missed: 0, failed: 0, failures: [] };
  for (const holder of holders) await rotateHolder(db, ring, holder, { pass, signal });
  for (const column of envelopeColumns) await rotateColumn(db, ring, column, { pass, signal });
  return pass;
}

/** Tables whose rows have envelopes, by the paths of what is secret. */
interface Holder {
  readonly table: keyof Tables;
  /** What the envelopes are bound to. */
  readonly id: RawBuilder<string>;
}

const holders: readonly Holder[] = [
  { table: 'connection', id: sql<string>`id` },
  { table: 'notice_destination', id: sql<string>`id` },
  { table: 'smtp_server', id: sql<string>`${sql.lit(smtpPlace.connectionId)}::text` },
];

async function rotateHolder(
  db: Kysely<Tables>,
  ring: KeyRing,
  holder: Holder,
  { pass, signal }: { readonly pass: Pass; readonly signal: AbortSignal | undefined },
): Promise<void> {
  let after = '';
  while (signal?.aborted !== true) {
    const { rows } = await sql<Held>`
      select ${holder.id} as id, secrets from ${sql.table(holder.table)}
      where ${holder.id} > ${after} and secrets <> '{}' order by 1 limit ${BATCH_ROWS}`.execute(db);
    for (const held of rows) await rotateHeld(db, ring, { holder, held, pass });
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
}

interface Held {
  readonly id: string;
  readonly secrets: Envelopes;
}

async function rotateHeld(
  db: Kysely<Tables>,
  ring: KeyRing,
  { holder, held, pass }: { readonly holder: Holder; readonly held: Held; readonly pass: Pass },
): Promise<void> {
  const { id, secrets } = held;
  if (Object.values(secrets).every((envelope) => keyIdOf(envelope) === ring.firstId)) return;
  const next = attempted(pass, () => resealed(ring, id, secrets));
  if (next === undefined) return;
  // Its version stays: for users nothing has changed.
  const { numAffectedRows = 0n } = await sql`
    update ${sql.table(holder.table)} set secrets = ${json(next)}::jsonb
    where ${holder.id} = ${id} and secrets = ${json(secrets)}::jsonb`.execute(db);
  if (numAffectedRows === 0n) pass.missed += 1;
  else pass.moved += 1;
}

/** Tables whose rows have one envelope. */
async function rotateColumn(
  db: Kysely<Tables>,
  ring: KeyRing,
  column: (typeof envelopeColumns)[number],
  { pass, signal }: { readonly pass: Pass; readonly signal: AbortSignal | undefined },
): Promise<void> {
  let after = '';
  while (signal?.aborted !== true) {
    const rows = await nextEnvelopes(db, column, { after, limit: BATCH_ROWS });
    for (const before of rows.filter(({ envelope }) => keyIdOf(envelope) !== ring.firstId)) {
      const place = column.place(before.key);
      const plain = attempted(pass, () => openSecret(ring, place, before.envelope));
      if (plain === undefined) continue;
      const envelope = sealSecret(ring, place, plain);
      if (await replaceEnvelope(db, column, { before, envelope })) pass.moved += 1;
      else pass.missed += 1;
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.key;
  }
}

/** Undefined when it cannot be done: the pass knows why. */
function attempted<T>(pass: Pass, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    pass.failed += 1;
    if (pass.failures.length < FAILURES_MAX) pass.failures.push(error);
    return undefined;
  }
}

function resealed(ring: KeyRing, connectionId: string, secrets: Envelopes): Envelopes {
  return Object.fromEntries(
    Object.entries(secrets).map(([path, envelope]) => {
      const place = { connectionId, path };
      if (keyIdOf(envelope) === ring.firstId) return [path, envelope];
      return [path, sealSecret(ring, place, openSecret(ring, place, envelope))];
    }),
  );
}
