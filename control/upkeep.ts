/**
 * What has to be done from time to time, by any process: forgetting what is old, saying that one is there. In steps
 * that are each a short transaction under an advisory try-lock that ends with it: of several processes one does it.
 */
import { sql } from 'kysely';
import { forgetApplied } from '#control/applied/applied.ts';
import type { Idempotency } from '#control/http/idempotency.ts';
import { forgetOldNotices } from '#control/notify/forget.ts';
import { PostgresQueue } from '#control/queue/postgres-queue.ts';
import { forgetOldSlots } from '#control/schedule/forget-slots.ts';
import { newId } from '#control/store/ids.ts';
import { forgetSignIns } from '#control/sign-in/forget.ts';
import { forgetOldRuns } from '#control/store/retention.ts';
import type { Store } from '#control/store/store.ts';
import type { Logger } from '#spi/context.ts';

type Db = Store['db'];

export interface UpkeepParts {
  readonly store: Pick<Store, 'db'>;
  readonly idempotency: Pick<Idempotency, 'forget'>;
  readonly log: Logger;
  readonly version: string;
  readonly roles: readonly string[];
  /** Days that ended runs are kept. */
  readonly retentionDays?: number | undefined;
  /** Days that the audit log is kept. */
  readonly auditDays?: number | undefined;
  /** Between 0 and 1. */
  readonly random?: () => number;
}

export const RETENTION_DAYS = 90;
/** More than a year: what happened a year ago can be looked up. */
export const AUDIT_DAYS = 400;
/** Locks of upkeep, one for each task, among the advisory locks of the database. */
const LOCK_CLASS = 0x726f_7075;
const RUNS_LOCK = 1;
const KEYS_LOCK = 2;
const PROCESSES_LOCK = 3;
const AUDIT_LOCK = 4;
const NOTICES_LOCK = 5;
const SLOTS_LOCK = 9;
/** How often a process says that it is there, and forgets. Not all at the same moment. */
const SEEN_MS = 30_000;
const FORGET_MS = 600_000;
const JITTER = 0.2;
/** Of one round: what is left is done in the next one. */
const STEPS_MAX = 1000;
/** A process that was not seen for so long is history. */
const PROCESS_HOURS = 24;

export class Upkeep {
  readonly processId: string = newId();
  readonly #parts: UpkeepParts;
  readonly #stop = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #working = new Set<Promise<void>>();
  #deadSaid = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#every(SEEN_MS, () => this.beSeen());
    this.#every(FORGET_MS, () => this.forget());
  }

  /** Ends what it is at after the step at hand. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#working);
  }

  /** For those who ask which processes there are; nothing is decided by it. */
  async beSeen(): Promise<void> {
    const { store, version, roles } = this.#parts;
    await sql`
      insert into dispatcher (id, version, roles, started_at, seen_at)
      values (${this.processId}, ${version}, ${roles.join(',')}, dispatch.now(), dispatch.now())
      on conflict (id) do update set seen_at = excluded.seen_at`.execute(store.db);
  }

  /** Returns how many runs were forgotten. */
  async forget(): Promise<number> {
    const { store, idempotency, retentionDays = RETENTION_DAYS, auditDays = AUDIT_DAYS } = this.#parts;
    const { signal } = this.#stop;
    let runs = 0;
    await this.#steps(RUNS_LOCK, async (db) => {
      const forgotten = await forgetOldRuns(db, { days: retentionDays, signal, batchesMax: 1 });
      runs += forgotten.runs;
      return !forgotten.isComplete;
    });
    // One statement each time: several processes at it find less to do.
    for (let step = 0; step < STEPS_MAX && !signal.aborted && (await idempotency.forget()) > 0; step++);
    for (let step = 0; step < STEPS_MAX && !signal.aborted && (await forgetSignIns(store.db)) > 0; step++);
    await this.#steps(KEYS_LOCK, (db) => forgetDeadMessages(db, retentionDays));
    await this.#steps(NOTICES_LOCK, (db) => forgetOldNotices(db, retentionDays));
    await this.#steps(PROCESSES_LOCK, forgetProcesses);
    await forgetApplied(store.db);
    await this.#steps(AUDIT_LOCK, (db) => forgetAudit(db, auditDays));
    await this.#steps(SLOTS_LOCK, forgetOldSlots);
    await this.#sayDead(store.db);
    return runs;
  }

  /** Messages that nobody could make use of: the sweep has found their runs, but something is wrong. */
  async #sayDead(db: Db): Promise<void> {
    const { dead } = await new PostgresQueue(db).stats();
    if (dead > this.#deadSaid) this.#parts.log.warn('Messages of the queue were given up.', { messages: dead });
    this.#deadSaid = dead;
  }

  /** Goes on while there is more, and while nobody else is at it. */
  async #steps(lock: number, step: (db: Db) => Promise<boolean>): Promise<void> {
    for (let count = 0; count < STEPS_MAX && !this.#stop.signal.aborted; count++) {
      const hasMore = await this.#parts.store.db.transaction().execute(async (db) => {
        const { rows } = await sql<{ mine: boolean }>`
          select pg_try_advisory_xact_lock(${LOCK_CLASS}::int, ${lock}::int) as mine`.execute(db);
        return rows[0]?.mine === true && (await step(db));
      });
      if (!hasMore) return;
    }
  }

  #every(ms: number, work: () => Promise<unknown>): void {
    const { log, random = Math.random } = this.#parts;
    const once = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // The next time will do.
        if (!this.#stop.signal.aborted) log.warn('Upkeep of the database failed.', { reason: String(error) });
      }
    };
    const round = (): void => {
      const working = once().finally(() => {
        this.#working.delete(working);
        plan(ms * (1 - JITTER + 2 * JITTER * random()));
      });
      this.#working.add(working);
    };
    const plan = (waitMs: number): void => {
      if (this.#stop.signal.aborted) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        round();
      }, waitMs);
      timer.unref();
      this.#timers.add(timer);
    };
    plan(ms * random() * JITTER);
  }
}

const DEAD_ROWS_MAX = 5000;

async function forgetDeadMessages(db: Db, days: number): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    delete from queue_message where id in (select id from queue_message
      where dead_at < (select dispatch.now()) - make_interval(days => ${days}) limit ${DEAD_ROWS_MAX})`.execute(db);
  return numAffectedRows === BigInt(DEAD_ROWS_MAX);
}

async function forgetAudit(db: Db, days: number): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    delete from audit_event where id = any(array(select id from audit_event
      where at < (select dispatch.now()) - make_interval(days => ${days}) order by at limit ${DEAD_ROWS_MAX}))`.execute(
    db,
  );
  return numAffectedRows === BigInt(DEAD_ROWS_MAX);
}

async function forgetProcesses(db: Db): Promise<boolean> {
  await sql`delete from dispatcher
    where seen_at < (select dispatch.now()) - make_interval(hours => ${PROCESS_HOURS})`.execute(db);
  return false;
}
