/**
 * Puts all secrets under the first key of the ring. In small steps and without stopping anything: both keys open what
 * is there meanwhile. What is done stays done, so that a rotation that was cut short is simply started again.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#control/store/tables.ts';
import { json } from '#control/store/values.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { keyIdOf, openSecret, sealSecret } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

const BATCH_CONNECTIONS = 100;
/** A connection that its user saves at the very moment is taken up again. */
const PASSES_MAX = 10;
/** Failures that are kept with their reasons. */
const FAILURES_MAX = 100;

export interface Rotation {
  /** Connections whose secrets are under the first key now and were not before. */
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
  let after = '';
  while (signal?.aborted !== true) {
    const rows = await db
      .selectFrom('connection')
      .select(['id', 'secrets'])
      .where('id', '>', after)
      .where(sql<boolean>`secrets <> '{}'`)
      .orderBy('id')
      .limit(BATCH_CONNECTIONS)
      .execute();
    for (const { id, secrets } of rows) await rotateConnection(db, ring, { id, secrets }, pass);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  return pass;
}

async function rotateConnection(
  db: Kysely<Tables>,
  ring: KeyRing,
  { id, secrets }: { id: string; secrets: Envelopes },
  pass: Pass,
): Promise<void> {
  if (Object.values(secrets).every((envelope) => keyIdOf(envelope) === ring.firstId)) return;
  let next: Envelopes;
  try {
    next = resealed(ring, id, secrets);
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    pass.failed += 1;
    if (pass.failures.length < FAILURES_MAX) pass.failures.push(error);
    return;
  }
  // Its version stays: for users nothing has changed.
  const { numUpdatedRows } = await db
    .updateTable('connection')
    .set({ secrets: json(next) })
    .where('id', '=', id)
    .where(sql<boolean>`secrets = ${json(secrets)}::jsonb`)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) pass.missed += 1;
  else pass.moved += 1;
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
