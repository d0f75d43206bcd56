/** A scrape: figures of the store, at most one reading at a time and one every few seconds, and the alarms of them. */
import type { Store } from '#control/store/store.ts';
import type { Logger } from '#spi/context.ts';
import { Alarms } from './alarms.ts';
import type { Metrics } from './metrics.ts';
import { storeFigures } from './store-figures.ts';
import type { StoreFigures } from './store-figures.ts';
import { WorkspaceLabels } from './workspace-labels.ts';

/** Several that scrape see the same. */
const FRESH_MS = 5000;

export interface ScrapeParts {
  readonly store: Pick<Store, 'db'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now?: () => number;
}

export class Scrape {
  readonly #parts: ScrapeParts;
  readonly #gauges: ReturnType<typeof gauges>;
  readonly #alarms: Alarms;
  readonly #labels = new WorkspaceLabels();
  #flight: Promise<void> | undefined;
  #readAtMs = -Infinity;

  constructor(parts: ScrapeParts) {
    this.#parts = parts;
    this.#gauges = gauges(parts.metrics);
    this.#alarms = new Alarms(parts);
  }

  /** The page for Prometheus; also without the database, which it then says. */
  async text(): Promise<string> {
    const { metrics, now = () => performance.now() } = this.#parts;
    if (now() - this.#readAtMs >= FRESH_MS) {
      this.#flight ??= this.#read().finally(() => {
        this.#readAtMs = now();
        this.#flight = undefined;
      });
    }
    await this.#flight;
    return metrics.text();
  }

  async #read(): Promise<void> {
    try {
      const figures = await storeFigures(this.#parts.store.db);
      this.#show(figures);
      this.#gauges.databaseUp.set(1);
      this.#alarms.judge(figures);
    } catch (error) {
      // What was true before is not what is: better nothing than that.
      this.#reset();
      this.#gauges.databaseUp.set(0);
      this.#parts.log.debug('The figures of the database could not be read.', { reason: String(error) });
    }
  }

  #reset(): void {
    for (const gauge of Object.values(this.#gauges)) gauge.reset();
  }

  #show(figures: StoreFigures): void {
    const all = this.#gauges;
    this.#reset();
    for (const { state, lane, count } of figures.runs) all.runs.set({ state, lane }, count);
    for (const { workspaceId, lane, count } of figures.queued) {
      all.queued.inc({ workspace: this.#labels.label(workspaceId), lane }, count);
    }
    all.oldest.set(figures.oldestQueuedS);
    all.unexplained.set(figures.oldestUnexplainedS);
    for (const { kind, taken } of figures.seats) all.seats.set({ scope: kind }, taken);
    all.live.set(figures.attemptsLive);
    all.astray.set(figures.seatsAstray);
    all.late.set(figures.heartbeatsLate);
    const { ready, leased, dead, oldestReadySeconds } = figures.queue;
    for (const [state, count] of Object.entries({ ready, leased, dead })) all.messages.set({ state }, count);
    all.oldestMessage.set(oldestReadySeconds);
    for (const { table, bytes, rows } of figures.tables) {
      all.tableBytes.set({ table }, bytes);
      all.tableRows.set({ table }, rows);
    }
    all.processes.set(figures.processes);
    all.noticesWaiting.set(figures.notices.waiting);
    all.noticeOldest.set(figures.notices.oldestWaitingS);
    all.noticesDead.set(figures.notices.dead);
    all.destinationsFailing.set(figures.notices.destinationsFailing);
  }
}

function gauges(metrics: Metrics) {
  return {
    databaseUp: metrics.gauge('database_up', 'Whether the database could be read.'),
    runs: metrics.gauge('runs', 'Runs that are not over, by state and lane.', ['state', 'lane']),
    queued: metrics.gauge('runs_queued', 'Runs that wait, by workspace and lane.', ['workspace', 'lane']),
    oldest: metrics.gauge('queue_oldest_seconds', 'How long the oldest run that might go has waited.'),
    unexplained: metrics.gauge(
      'queue_oldest_unexplained_seconds',
      'How long the oldest run has waited of which nobody can say why.',
    ),
    seats: metrics.gauge('seats_taken', 'Seats that are taken, by kind of limit.', ['scope']),
    live: metrics.gauge('attempts_live', 'Attempts that are not known to be over.'),
    astray: metrics.gauge('seats_astray', 'Seats without a live attempt, and limited live attempts without a seat.'),
    late: metrics.gauge('heartbeats_late', 'Executions of which nothing was heard for a minute.'),
    messages: metrics.gauge('queue_messages', 'Messages of the queue, by what they wait for.', ['state']),
    oldestMessage: metrics.gauge('queue_message_oldest_seconds', 'How long the oldest message has been ready.'),
    tableBytes: metrics.gauge('table_bytes', 'Size of a table of the database, with its indexes.', ['table']),
    tableRows: metrics.gauge('table_rows', 'Rows of a table of the database, estimated.', ['table']),
    noticesWaiting: metrics.gauge('notices_waiting', 'Messages of notices that are to be sent.'),
    noticeOldest: metrics.gauge('notice_oldest_seconds', 'How long the oldest of them has waited.'),
    noticesDead: metrics.gauge('notices_dead', 'Messages of notices that were given up.'),
    destinationsFailing: metrics.gauge('notice_destinations_failing', 'Destinations that nothing arrives at.'),
    processes: metrics.gauge('processes', 'Processes of the control plane that were seen of late.'),
  };
}
