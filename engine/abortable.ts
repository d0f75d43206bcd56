/** Pulling from a source that may be stuck: a stop must not wait for a read that never ends. */
import { engineErrors } from './errors.ts';

export interface AbortablePull<T, R> {
  /** The next step; throws RUN_CANCELLED as soon as the signal aborts. */
  next(): Promise<IteratorResult<T, R>>;
  /** Lets the generator release what it holds; does not wait for one that is stuck after an abort. */
  close(): Promise<void>;
}

export function abortable<T, R>(generator: AsyncGenerator<T, R>, signal: AbortSignal): AbortablePull<T, R> {
  // One slot for the pull under way, not Promise.race: a race against one long-lived promise keeps every loser.
  let rejectPull: ((error: unknown) => void) | undefined;
  const onAbort = (): void => rejectPull?.(engineErrors.error('RUN_CANCELLED'));
  signal.addEventListener('abort', onAbort);
  return {
    async next() {
      if (signal.aborted) throw engineErrors.error('RUN_CANCELLED');
      return new Promise((resolve, reject) => {
        rejectPull = reject;
        generator.next().then(resolve, reject);
      });
    },
    async close() {
      signal.removeEventListener('abort', onAbort);
      // The result of a cut-short generator is of no use, and a stuck one answers never.
      const returned = generator.return(undefined as R);
      if (signal.aborted) returned.catch(() => {});
      else await returned;
    },
  };
}
