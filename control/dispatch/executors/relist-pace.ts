/** How often all may be listed: jittered, and more and more seldom while it fails, so that nothing storms a server. */
import type { Clock } from '#control/dispatch/clock.ts';
import { pause } from '#control/dispatch/clock.ts';

const LIST_EVERY_MS = 10_000;
const LIST_EVERY_MS_MAX = 120_000;
/** Upwards only: one per ten seconds is the limit. */
const JITTER = 0.2;

export interface RelistPace {
  /** Waits until the next LIST may begin. */
  next(signal: AbortSignal): Promise<void>;
  ended(wasGood: boolean): void;
}

export function relistPace(clock: Clock, random: () => number): RelistPace {
  let beganAt = Number.NEGATIVE_INFINITY;
  let everyMs = LIST_EVERY_MS;
  return {
    async next(signal) {
      const waitMs = beganAt + everyMs * (1 + random() * JITTER) - clock.now();
      if (waitMs > 0) await pause(clock, waitMs, signal);
      beganAt = clock.now();
    },
    ended(wasGood) {
      everyMs = wasGood ? LIST_EVERY_MS : Math.min(LIST_EVERY_MS_MAX, everyMs * 2);
    },
  };
}
