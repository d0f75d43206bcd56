/** Time of this process, for pauses and limits; another one in tests. What is decided on reads `dispatch.now()` instead. */
export interface Clock {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Runs it once after so many milliseconds; the answer calls it off. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Ends after so many milliseconds, or as soon as the signal says. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    const end = (): void => {
      callOff();
      signal.removeEventListener('abort', end);
      done();
    };
    const callOff = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
