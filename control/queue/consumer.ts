/**
 * Takes messages off a queue: as soon as the store shows the run, a message has done its work, and admission is told. A
 * message that cannot be handled is put aside after a few tries; the run stays queued, and the sweep finds it.
 */
import { sql } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';
import type { Delivery, QueueDriver } from './queue-driver.ts';

/** Messages taken at once. */
const RECEIVE_MAX = 200;
const LEASE_S = 30;
/** Tries until a message is put aside. */
const TRIES_MAX = 5;
/** Seconds until a message whose run cannot be seen yet is delivered again. */
const UNSEEN_S = 2;

export interface ConsumerParts {
  readonly db: Db;
  readonly queue: QueueDriver;
  /** Runs may be waiting. */
  readonly arrived: () => void;
}

/** Handles what is there; true when there may be more. */
export async function consume({ db, queue, arrived }: ConsumerParts): Promise<boolean> {
  const deliveries = await queue.receive({ max: RECEIVE_MAX, leaseS: LEASE_S });
  if (deliveries.length === 0) return false;
  const ids = deliveries.map(({ runId }) => runId);
  const { rows } = await sql<{ id: string }>`select id from run where id = any(${ids}::text[])`.execute(db);
  const known = new Set(rows.map(({ id }) => id));
  if (known.size > 0) arrived();
  for (const delivery of deliveries) await settle(queue, delivery, known.has(delivery.runId));
  return deliveries.length === RECEIVE_MAX;
}

async function settle(queue: QueueDriver, delivery: Delivery, isKnown: boolean): Promise<void> {
  if (isKnown) await queue.ack(delivery);
  else if (delivery.tries >= TRIES_MAX) await queue.deadLetter(delivery, 'there is no such run');
  else await queue.nack(delivery, UNSEEN_S);
}
