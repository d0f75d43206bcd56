/** A loop that works when it is told to, and by itself when nobody tells it; errors make it wait longer, not end. */
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';

export interface Repetition {
  /** Returns true when it should go on at once. */
  readonly work: () => Promise<boolean>;
  /** Milliseconds between two looks when nobody tells it anything. */
  readonly waitMs: number;
  readonly listen?: (heard: () => void) => () => void;
  readonly signal: AbortSignal;
  readonly failed: (error: unknown) => void;
  readonly clock?: Clock;
}

/** After errors in a row it waits up to this many times longer, */
const PATIENCE_MAX = 16;
/** but no longer than this, unless it waits longer anyway: nobody tells it that what failed has come back. */
const FAILED_WAIT_MS_MAX = 5_000;

export async function repeat(repetition: Repetition): Promise<void> {
  const { work, waitMs, listen, signal, failed, clock = systemClock } = repetition;
  let wake: (() => void) | undefined;
  let isTold = false;
  let patience = 1;
  const tell = (): void => {
    isTold = true;
    wake?.();
  };
  const deaf = listen?.(tell);
  const end = (): void => wake?.();
  signal.addEventListener('abort', end);
  try {
    while (!signal.aborted) {
      isTold = false;
      let goOn = false;
      try {
        goOn = await work();
        patience = 1;
      } catch (error) {
        failed(error);
        patience = Math.min(patience * 2, PATIENCE_MAX);
      }
      if (goOn || signal.aborted || (isTold && patience === 1)) continue;
      await new Promise<void>((resolve) => {
        const callOff = clock.after(Math.max(waitMs, Math.min(waitMs * patience, FAILED_WAIT_MS_MAX)), resolve);
        wake = () => {
          callOff();
          resolve();
        };
      });
      wake = undefined;
    }
  } finally {
    signal.removeEventListener('abort', end);
    deaf?.();
  }
}
