/**
 * Many executions that fall silent together are silent because of us: the network, the database, our own outage. Then
 * nobody is given up for it until two leases have passed, and after that at one a second. A dispatcher that has just
 * started has heard nobody yet, and waits for a lease of its own uptime.
 */
import { sql } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';

/** Share and number of live executions that must be late within the window, to be many. */
const SILENT_SHARE = 0.3;
const SILENT_MIN = 10;
const SILENT_WINDOW_S = 120;
/** Seconds without a word that make an execution late: three of its heartbeats. */
const LATE_S = 60;
/** Executions that are given up at once when nothing is wrong with us. */
const ALLOWANCE = 500;

export class MassSilence {
  readonly #leaseS: number;
  readonly #now: () => number;
  readonly #startedAt: number;
  #suspendedAt: number | undefined;
  #lastReapAt = 0;
  /** After a silence of many, until nobody is silent any more. */
  #isSlow = false;

  /** `now` is monotonic, in milliseconds. */
  constructor(options: { readonly leaseS: number; readonly now?: () => number; readonly hasHeard?: boolean }) {
    this.#leaseS = options.leaseS;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = options.hasHeard === true ? -Infinity : this.#now();
  }

  get isSuspended(): boolean {
    return this.#suspendedAt !== undefined;
  }

  /** How many may be given up by silence now. */
  async allowance(db: Db): Promise<number> {
    const now = this.#now();
    if (now - this.#startedAt < this.#leaseS * 1000) return 0;
    const { rows } = await sql<{ live: number; fell: number; silent: number }>`
      select count(*)::int as live,
        (count(*) filter (where heartbeat_at < dispatch.now() - ${LATE_S} * interval '1 second'
          and heartbeat_at > dispatch.now() - ${LATE_S + SILENT_WINDOW_S} * interval '1 second'))::int as fell,
        (count(*) filter (where heartbeat_at < dispatch.now() - ${LATE_S} * interval '1 second'))::int as silent
      from run where state = 'RUNNING'`.execute(db);
    const { live = 0, fell = 0, silent = 0 } = rows[0] ?? {};
    const isMany = (count: number): boolean => count >= SILENT_MIN && count > live * SILENT_SHARE;
    if (this.#suspendedAt === undefined && !this.#isSlow && isMany(fell)) {
      this.#suspendedAt = now;
      this.#isSlow = true;
    }
    if (this.#suspendedAt !== undefined) {
      const isOver = now - this.#suspendedAt > 2 * this.#leaseS * 1000;
      if (!isOver && isMany(silent)) return 0;
      this.#suspendedAt = undefined;
    }
    if (silent === 0) this.#isSlow = false;
    if (!this.#isSlow) return ALLOWANCE;
    return now - this.#lastReapAt >= 1000 ? 1 : 0;
  }

  /** So many were given up. */
  reaped(count: number): void {
    if (count > 0) this.#lastReapAt = this.#now();
  }
}
