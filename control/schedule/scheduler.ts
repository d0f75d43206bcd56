/** One scheduler; any number of them share the schedules of a database. */
import { sql } from 'kysely';
import { repeat } from '#control/dispatch/repeat.ts';
import { workspaceChannel } from '#control/runs/run-wake.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { nextSlot } from './next-slot.ts';
import { backfillSteps } from './backfill-step.ts';
import { BACKFILL_CHANNEL, slotText, timingOf } from './schedule-row.ts';
import type { ScheduleRow } from './schedule-row.ts';
import { schedulerTick } from './scheduler-tick.ts';
import type { MakeRuns } from './scheduler-tick.ts';
import { SETTLED_MAX, settleFires } from './settle-fires.ts';
import { switchOffFailing } from './switch-off.ts';
import { transferRuns } from './transfer-runs.ts';
import { tzdataVersion } from './zone-offsets.ts';

const TICK_MS = 1000;
const BACKFILL_MS = 2000;
const SETTLE_MS = 5000;
const SWITCH_OFF_MS = 600_000;
/** The database's clock against ours: steps beyond that are none of slow machines. */
const STEP_MS = 5 * 60_000;
const STEP_PAUSE_MS = 60_000;

export interface SchedulerLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface SchedulerParts {
  readonly store: Pick<Store, 'db' | 'hints'>;
  readonly log: SchedulerLog;
  readonly makeRuns?: MakeRuns;
  readonly transitions?: TransitionWriter;
  /** Milliseconds that pass evenly, whatever clocks do. */
  readonly elapsed?: () => number;
  readonly speed?: number;
}

export class Scheduler {
  readonly id: string = `scheduler-${newId()}`;
  readonly #parts: SchedulerParts;
  readonly #stop = new AbortController();
  #seen: { readonly database: number; readonly own: number } | undefined;
  #pausedUntil = -Infinity;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, log, speed = 1 } = this.#parts;
    const { signal } = this.#stop;
    const failed = (error: unknown) => log.error('Schedules could not be looked after.', { reason: String(error) });
    const loop = (ms: number, work: () => Promise<boolean>) => repeat({ work, waitMs: ms / speed, signal, failed });
    this.#loops = Promise.all([
      repeat({
        work: () => this.tick(),
        waitMs: TICK_MS / speed,
        listen: (heard) => store.hints.listen('schedules', heard),
        signal,
        failed,
      }),
      repeat({
        work: () => this.backfill(),
        waitMs: BACKFILL_MS / speed,
        listen: (heard) => store.hints.listen(BACKFILL_CHANNEL, heard),
        signal,
        failed,
      }),
      loop(SETTLE_MS, async () => (await settleFires(store.db)) === SETTLED_MAX),
      loop(SWITCH_OFF_MS, async () => {
        await recomputeSlots(store.db);
        for (const id of await switchOffFailing(store.db)) log.warn('A schedule that always fails is off.', { id });
        return false;
      }),
    ]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loops;
  }

  /** True when more is due at once. */
  async tick(): Promise<boolean> {
    if (await this.#isPaused()) return false;
    const { store, makeRuns = transferRuns, transitions = new TransitionWriter() } = this.#parts;
    const { db } = store;
    const result = await schedulerTick({ db, transitions, makeRuns, actor: this.id });
    this.#tell(result);
    return result.hasMore;
  }

  /** A step of each back-fill. */
  async backfill(): Promise<false> {
    const { store, makeRuns = transferRuns } = this.#parts;
    const result = await backfillSteps({ db: store.db, makeRuns });
    this.#tell(result);
    return false;
  }

  #tell({ created, workspaces }: { readonly created: number; readonly workspaces: ReadonlySet<string> }): void {
    const { hints } = this.#parts.store;
    if (created > 0) for (const channel of ['arrivals', 'queue', 'stop']) hints.tell(channel);
    for (const workspace of workspaces) hints.tell(workspaceChannel(workspace));
  }

  /** A clock that jumps ahead makes everything due at once: people have a minute to put it right. */
  async #isPaused(): Promise<boolean> {
    const { store, log, elapsed = () => performance.now() } = this.#parts;
    const { rows } = await sql<{ now: string }>`select dispatch.now() as now`.execute(store.db);
    const database = Date.parse(rows[0]?.now ?? '');
    const own = elapsed();
    const before = this.#seen ?? { database, own };
    this.#seen = { database, own };
    const stepMs = database - before.database - (own - before.own);
    if (stepMs > STEP_MS) {
      this.#pausedUntil = own + STEP_PAUSE_MS;
      log.error('The clock of the database went ahead: schedules pause for a minute.', { stepS: stepMs / 1000 });
    }
    return own < this.#pausedUntil;
  }
}

const RECOMPUTED_MAX = 1000;

/** Where the rules of time zones have changed: what is to come is computed anew, what is due or past stays. */
export async function recomputeSlots(db: Store['db'], tzdata: string = tzdataVersion): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<ScheduleRow & { now: string }>`
      select *, (select dispatch.now()) as now from schedule
      where tzdata_version <> ${tzdata} and next_slot_utc > (select dispatch.now())
      order by id limit ${RECOMPUTED_MAX} for update skip locked`.execute(trx);
    for (const row of rows) {
      const next = nextSlot(timingOf(row), Date.parse(row.now))?.at;
      await sql`update schedule set tzdata_version = ${tzdata},
          next_slot_utc = ${next === undefined ? null : slotText(next)} where id = ${row.id}`.execute(trx);
    }
    return rows.length;
  });
}
