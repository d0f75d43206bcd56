/** Time that passes when a test says so, while connections of this process are as real as ever. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '#control/dispatch/clock.ts';

/** Turns of the event loop after which what was sent on this machine has arrived. */
const TURNS = 12;
/** Turns without an end while something is on its way: the test is wrong. */
const TURNS_MAX = 20_000;

export interface VirtualClock extends Clock {
  /** Time goes from timer to timer until the condition holds; true when it did within the limit. */
  runUntil(isReached: () => boolean, options?: { readonly limitMs?: number }): Promise<boolean>;
  /** Everything of so many milliseconds happens. */
  run(ms: number): Promise<void>;
  /** Lets what is on its way arrive; no time passes. */
  settle(): Promise<void>;
}

/**
 * Time stands still while `isBusy`: an answer of this process is on its way; and while there is an `elsewhere`: the
 * answer of another process, a database's, however long that takes.
 */
export function virtualClock(
  isBusy: () => boolean = () => false,
  elsewhere: () => Promise<unknown> | undefined = () => undefined,
): VirtualClock {
  const timers = new Set<{ readonly at: number; readonly no: number; readonly run: () => void }>();
  let now = 0;
  let made = 0;

  const settle = async (): Promise<void> => {
    let quiet = 0;
    for (let turns = 0; quiet < TURNS; turns += 1) {
      if (turns > TURNS_MAX) throw new Error('something is on its way for ever');
      await turn();
      const answer = elsewhere();
      if (answer !== undefined) {
        await answer;
        turns = 0;
      }
      quiet = answer !== undefined || isBusy() ? 0 : quiet + 1;
    }
  };
  const next = (): { readonly at: number; readonly run: () => void } | undefined => {
    let first: { readonly at: number; readonly no: number; readonly run: () => void } | undefined;
    for (const timer of timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.no < first.no)) first = timer;
    }
    return first;
  };
  const runTo = async (end: number, isReached: () => boolean): Promise<boolean> => {
    for (;;) {
      await settle();
      if (isReached()) return true;
      const timer = next();
      if (timer === undefined || timer.at > end) break;
      now = Math.max(now, timer.at);
      timer.run();
    }
    now = end;
    return isReached();
  };
  return {
    now: () => now,
    after(ms, run) {
      made += 1;
      const timer = {
        at: now + Math.max(0, ms),
        no: made,
        run: () => {
          timers.delete(timer);
          run();
        },
      };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    settle,
    runUntil: (isReached, { limitMs = 600_000 } = {}) => runTo(now + limitMs, isReached),
    run: async (ms) => void (await runTo(now + ms, () => false)),
  };
}
