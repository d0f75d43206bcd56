/** One notifier; any number of them share a database. Two loops: what is to be told, and the telling. */
import { repeat } from '#control/dispatch/repeat.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import type { Resolve } from './address-guard.ts';
import { batchNotices } from './batch.ts';
import type { BatchOptions } from './batch.ts';
import { claimDeliveries, deliverOne } from './deliver.ts';
import { deriveEnds, deriveEvents, deriveLive } from './derive.ts';
import type { SendOutcome } from './send-outcome.ts';
import type { NoticeSettings } from './settings.ts';

const LOOK_MS = 1000;
const LIVE_MS = 5000;
/** Messages that one process sends at the same time. */
const SENDS_MAX = 32;
/** Looks in a row, when there is more each time. */
const STEPS_MAX = 100;
/** Told when a message begins to wait. */
export const NOTICES_CHANNEL = 'notices';

export interface NotifierLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface NotifierParts extends BatchOptions {
  readonly store: Pick<Store, 'db' | 'hints'>;
  readonly keys: KeyRing;
  readonly settings: NoticeSettings;
  readonly log: NotifierLog;
  readonly told?: ((outcome: SendOutcome['outcome']) => void) | undefined;
  readonly resolve?: Resolve | undefined;
  readonly timeoutMs?: number | undefined;
  readonly speed?: number | undefined;
}

export class Notifier {
  readonly #parts: NotifierParts;
  readonly #stop = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, log, speed = 1 } = this.#parts;
    const { signal } = this.#stop;
    const failed = (error: unknown) => log.error('Notices could not be looked after.', { reason: String(error) });
    const loop = (ms: number, work: () => Promise<boolean>, listen?: (heard: () => void) => () => void) =>
      repeat({ work, waitMs: ms / speed, signal, failed, ...(listen === undefined ? {} : { listen }) });
    const look = async (): Promise<boolean> => {
      await this.look();
      return false;
    };
    const live = async (): Promise<boolean> => {
      await this.lookAtLive();
      return false;
    };
    this.#loops = Promise.all([
      loop(LOOK_MS, look),
      loop(LIVE_MS, live),
      loop(
        LOOK_MS,
        () => this.#begin(),
        (heard) => store.hints.listen(NOTICES_CHANNEL, heard),
      ),
    ]);
  }

  /** Sends that have begun are waited for: each has a limit of its own. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loops;
    await Promise.allSettled(this.#sending);
  }

  /** What has happened, and the messages of it. */
  async look(): Promise<void> {
    const { store, settings } = this.#parts;
    const { db } = store;
    for (let step = 0; step < STEPS_MAX && !this.#stop.signal.aborted; step++) {
      const ends = await deriveEnds({ db, publicUrl: settings.publicUrl });
      const events = await deriveEvents({ db });
      if (!ends.hasMore && !events.hasMore) break;
    }
    if ((await batchNotices(db, this.#parts)) > 0) store.hints.tell(NOTICES_CHANNEL);
  }

  async lookAtLive(): Promise<void> {
    const { store, settings } = this.#parts;
    for (let step = 0; step < STEPS_MAX && !this.#stop.signal.aborted; step++) {
      const { hasMore } = await deriveLive({ db: store.db, publicUrl: settings.publicUrl });
      if (!hasMore) break;
    }
  }

  /** Sends what may go now, and waits for it; returns how many. */
  async deliver(): Promise<number> {
    const { store } = this.#parts;
    const claimed = await claimDeliveries(store.db, SENDS_MAX);
    const outcomes = await Promise.allSettled(claimed.map((each) => deliverOne(this.#sendParts(), each)));
    for (const each of outcomes) {
      if (each.status === 'rejected') throw each.reason;
      this.#parts.told?.(each.value);
    }
    return claimed.length;
  }

  /** Begins what may go now. One that hangs holds up nobody else. */
  async #begin(): Promise<boolean> {
    const { store, log, told } = this.#parts;
    const free = SENDS_MAX - this.#sending.size;
    if (free <= 0) return false;
    const claimed = await claimDeliveries(store.db, free);
    for (const each of claimed) {
      const sending = deliverOne(this.#sendParts(), each)
        .then(
          (outcome) => told?.(outcome),
          (error: unknown) => log.warn('A notice could not be sent.', { id: each.id, reason: String(error) }),
        )
        .finally(() => {
          this.#sending.delete(sending);
          // Others to the same destination may wait for it.
          store.hints.tell(NOTICES_CHANNEL);
        });
      this.#sending.add(sending);
    }
    return claimed.length > 0 && claimed.length === free;
  }

  #sendParts() {
    const { store, keys, settings, resolve, timeoutMs } = this.#parts;
    return { db: store.db, keys, settings, resolve, timeoutMs };
  }
}
