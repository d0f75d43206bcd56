/** Tells when a run takes too long, or when nothing has moved for too long, by the monotonic clock. */

export interface ProgressWatch {
  readonly timeoutS: number;
  readonly stallS: number | undefined;
  /** A text that differs when something has moved. */
  readonly progress: () => string;
  /** Now no time counts. */
  readonly isExempt: () => boolean;
  readonly timedOut: () => void;
  readonly stalled: () => void;
  readonly signal: AbortSignal;
}

/** Looks per stall limit: it is noticed at most so much later. */
const LOOKS = 10;
/** As long as a timer may be. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function watchProgress({ timeoutS, stallS, signal, ...watch }: ProgressWatch): void {
  const timer = setTimeout(
    () => {
      if (!watch.isExempt()) watch.timedOut();
    },
    Math.min(TIMER_MS_MAX, timeoutS * 1000),
  );
  signal.addEventListener('abort', () => clearTimeout(timer));
  if (stallS === undefined) return;
  let seen = watch.progress();
  let movedAt = performance.now();
  const looking = setInterval(
    () => {
      const now = watch.progress();
      if (now !== seen || watch.isExempt()) {
        seen = now;
        movedAt = performance.now();
      } else if (performance.now() - movedAt >= stallS * 1000) {
        clearInterval(looking);
        watch.stalled();
      }
    },
    Math.max(10, (stallS * 1000) / LOOKS),
  );
  signal.addEventListener('abort', () => clearInterval(looking));
}
