/** How long a client waits before it tries again. */

export const TRIES_MAX = 5;
const BACK_OFF_MS_MIN = 250;
const BACK_OFF_MS_MAX = 10_000;
/** A server that wants more is not waited for as long. */
const RETRY_AFTER_MS_MAX = 60_000;

/** Before try `tries + 1`: doubled each time, and spread so that clients do not come back together. */
export function backOffMs(tries: number): number {
  const ms = Math.min(BACK_OFF_MS_MIN * 2 ** (tries - 1), BACK_OFF_MS_MAX);
  return ms * (0.5 + Math.random() / 2);
}

export function retryAfterMs(asked: number | undefined): number | undefined {
  return asked === undefined ? undefined : Math.min(Math.max(asked, 0), RETRY_AFTER_MS_MAX);
}

/** Waits, or throws the reason of the signal. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      // What `abort` was given; an AbortError by default.
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
