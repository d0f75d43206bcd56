import { setTimeout as wait } from 'node:timers/promises';

/** What the promise gives, unless the signal comes first: libraries that look for credentials know no signals. */
export async function untilStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const stopped = wait(2 ** 31 - 1, undefined, { signal: AbortSignal.any([signal, settled.signal]), ref: false });
  try {
    // The wait ends by a signal only.
    return (await Promise.race([promise, stopped])) as T;
  } finally {
    settled.abort();
    await stopped.catch(() => {});
  }
}
