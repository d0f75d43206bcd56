/**
 * How much more the place where runners run can bear now: what admission and launches keep to. A cluster says so by how
 * it answers, this machine by its memory and its load; others are not asked.
 */
import { availableParallelism, freemem, loadavg } from 'node:os';
import { breaker } from './breaker.ts';
import type { Executor, LaunchError } from './executors/executor.ts';
import { launchRate } from './launch-rate.ts';

export type LaunchOutcome = 'launched' | LaunchError['kind'];

export interface AttemptCounts {
  /** Let go, and not launched yet. */
  readonly planned: number;
  /** Not known to be over, with those that are planned. */
  readonly live: number;
}

export interface Backpressure {
  /** Runs that may be let go now; counts only when it must. */
  capacity(counts: () => Promise<AttemptCounts>): Promise<number>;
  /** Launches that may go now. */
  readonly launches: number;
  /** So many launches go. */
  take(launches: number): void;
  outcome(kind: LaunchOutcome, ms: number): void;
  /** Why fewer runs go than seats are free. */
  readonly reason: string | undefined;
  /** Nothing is asked of the place but whether it is there. */
  readonly isOpen: boolean;
  /** Launches per second at the moment. */
  readonly perSecond: number;
}

export function backpressureOf(executor: Executor): Backpressure {
  if (executor.kind === 'kubernetes') return clusterPressure({ probe: () => probe(executor) });
  if (executor.kind === 'process') return machinePressure();
  return noPressure;
}

export const noPressure: Backpressure = {
  capacity: () => Promise.resolve(Infinity),
  launches: Infinity,
  take() {},
  outcome() {},
  reason: undefined,
  isOpen: false,
  perSecond: Infinity,
};

/** The smallest thing that can be asked of an executor. */
async function probe(executor: Executor): Promise<void> {
  for await (const _ of executor.list()) return;
}

export interface ClusterOptions {
  /** Asks one small thing; throws when there is no answer. */
  readonly probe: () => Promise<void>;
  /** Milliseconds that never run backwards. */
  readonly now?: () => number;
}

/** These say that it is too much, and the last two that it may be down. */
const pushesBack: readonly LaunchOutcome[] = ['throttled', 'ambiguous', 'unavailable'];
const looksDown: readonly LaunchOutcome[] = ['ambiguous', 'unavailable'];

export function clusterPressure({ probe: ask, now = () => performance.now() }: ClusterOptions): Backpressure {
  const rate = launchRate(now);
  const fuse = breaker(now);
  // Whoever was here before us may have left it with much to do.
  rate.ramp();
  const answered = (): void => {
    if (fuse.isOpen) rate.ramp();
    fuse.succeeded();
  };
  const look = async (): Promise<void> => {
    try {
      await ask();
      answered();
    } catch {
      // The next period asks again.
      fuse.failed();
    }
  };
  return {
    async capacity(counts) {
      if (fuse.mayProbe()) await look();
      if (fuse.isOpen) return 0;
      // What goes within a second: more would wait as attempts, where it holds seats and nobody can overtake it.
      const ahead = Math.max(1, Math.ceil(rate.perSecond));
      return Math.max(0, ahead - (await counts()).planned);
    },
    get launches() {
      return fuse.isOpen ? 0 : rate.available;
    },
    take: (launches) => void rate.take(launches),
    outcome(kind, ms) {
      if (looksDown.includes(kind)) fuse.failed();
      else answered();
      if (pushesBack.includes(kind)) rate.pushedBack();
      else if (kind === 'launched') rate.succeeded(ms);
    },
    get isOpen() {
      return fuse.isOpen;
    },
    get perSecond() {
      return fuse.isOpen ? 0 : rate.perSecond;
    },
    get reason() {
      return fuse.isOpen ? 'the cluster does not answer' : undefined;
    },
  };
}

export interface MachineOptions {
  readonly freeMb?: () => number;
  /** Processes that want to run, on average of the last minute. */
  readonly load?: () => number;
  readonly cores?: number;
}

/** Kept free for the control plane and the system. */
const FREE_MB_MIN = 256;
const LOAD_PER_CORE_MAX = 2;

/**
 * While the machine is short of something nothing more starts, except: one run when none is live, else programs that
 * are not ours could starve us for ever; and one run per core while it is only the load, which looks back for a minute.
 */
export function machinePressure(options: MachineOptions = {}): Backpressure {
  const {
    freeMb = () => freemem() / 1024 / 1024,
    load = () => loadavg()[0] ?? 0,
    cores = availableParallelism(),
  } = options;
  const shortage = (): { readonly liveMax: number; readonly reason: string } | undefined => {
    const free = Math.floor(freeMb());
    if (free < FREE_MB_MIN) return { liveMax: 1, reason: `the machine has ${free} MB of memory left` };
    const busy = load();
    if (busy > cores * LOAD_PER_CORE_MAX)
      return { liveMax: cores, reason: `the machine has a load of ${busy.toFixed(1)} on ${cores} cores` };
    return undefined;
  };
  return {
    ...noPressure,
    async capacity(counts) {
      const short = shortage();
      if (short === undefined) return Infinity;
      return Math.max(0, short.liveMax - (await counts()).live);
    },
    get reason() {
      return shortage()?.reason;
    },
  };
}
