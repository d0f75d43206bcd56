/**
 * A queue carries pointers: "look at run X". Delivery is at least once, in any order, late, and as often as it likes.
 * Losing every message is harmless, for a sweep finds the runs themselves; so it makes things quick, and decides
 * nothing.
 */
import type { Db } from '#control/runs/transition-writer.ts';

export interface QueueMessage {
  readonly kind: string;
  readonly runId: string;
  readonly workspaceId: string;
  readonly delayS?: number;
}

export interface Delivery {
  readonly id: string;
  readonly kind: string;
  readonly runId: string;
  readonly workspaceId: string;
  /** How often it was delivered, this time included. */
  readonly tries: number;
  readonly token: string;
}

export interface QueueStats {
  readonly ready: number;
  readonly leased: number;
  readonly dead: number;
  readonly oldestReadySeconds: number;
}

export interface QueueDriver {
  /** Whether messages can be sent in the transaction of what they are about. */
  readonly isTransactional: boolean;
  enqueue(messages: readonly QueueMessage[], tx?: Db): Promise<void>;
  receive(options: { readonly max: number; readonly leaseS: number }): Promise<readonly Delivery[]>;
  /** `lost`: the lease was over, and somebody else may have it. Normal, never an error. */
  extend(delivery: Delivery, leaseS: number): Promise<'ok' | 'lost'>;
  ack(delivery: Delivery): Promise<'ok' | 'lost'>;
  nack(delivery: Delivery, delayS: number): Promise<'ok' | 'lost'>;
  deadLetter(delivery: Delivery, why: string): Promise<'ok' | 'lost'>;
  stats(): Promise<QueueStats>;
}
