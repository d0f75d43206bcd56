/** What should wake somebody: each alarm is a gauge, and a line in the log when it begins and when it ends. */
import type { Logger } from '#spi/context.ts';
import type { Metrics } from './metrics.ts';
import type { StoreFigures } from './store-figures.ts';

/** Seconds that a run may wait without a reason: the next tick gives one. */
const UNEXPLAINED_S_MAX = 120;
/** Sweeps that may find objects of nobody: one takes them away. */
const ORPHAN_SWEEPS_MAX = 3;

/** Seconds that a transaction may keep dead rows: a dump of the database takes some. */
const SNAPSHOT_S_MAX = 1200;

type Judged = StoreFigures & Pick<Metrics, 'orphanSweeps' | 'isSweepStopped'>;

interface Alarm {
  readonly message: string;
  isRaised(figures: Judged): boolean;
}

const alarms: Readonly<Record<string, Alarm>> = {
  queued_without_reason: {
    message: 'A run waits, and nobody can say why: no dispatcher lets runs go.',
    isRaised: ({ oldestUnexplainedS }) => oldestUnexplainedS > UNEXPLAINED_S_MAX,
  },
  seats_astray: {
    message: 'Seats and live attempts do not match: limits are wrong until they do.',
    isRaised: ({ seatsAstray }) => seatsAstray > 0,
  },
  orphans: {
    message: 'The executor keeps objects that belong to no attempt.',
    isRaised: ({ orphanSweeps }) => orphanSweeps >= ORPHAN_SWEEPS_MAX,
  },
  sweep_stopped: {
    message: 'The executor has much that no attempt explains: is this the database of that cluster?',
    isRaised: ({ isSweepStopped }) => isSweepStopped,
  },
  snapshot_old: {
    message: 'A transaction has been open for long: rows that are over are not cleaned away, and all gets slower.',
    isRaised: ({ oldestSnapshotS }) => oldestSnapshotS > SNAPSHOT_S_MAX,
  },
  queue_dead: {
    message: 'Messages of the queue were given up.',
    isRaised: ({ queue }) => queue.dead > 0,
  },
};

export class Alarms {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #gauge;
  readonly #raised = new Set<string>();

  constructor({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }) {
    this.#log = log;
    this.#metrics = metrics;
    this.#gauge = metrics.gauge('alarm', 'Whether something should wake somebody.', ['name']);
  }

  judge(figures: StoreFigures): void {
    const { orphanSweeps, isSweepStopped } = this.#metrics;
    const judged = { ...figures, orphanSweeps, isSweepStopped };
    for (const [name, alarm] of Object.entries(alarms)) {
      const isRaised = alarm.isRaised(judged);
      this.#gauge.set({ name }, isRaised ? 1 : 0);
      if (isRaised === this.#raised.has(name)) continue;
      if (isRaised) this.#raised.add(name);
      else this.#raised.delete(name);
      if (isRaised) this.#log.error(alarm.message, { alarm: name });
      else this.#log.info('An alarm is over.', { alarm: name });
    }
  }
}
