/** Calls to a database that may fail for reasons that pass: tried again, each time later than the time before. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';

export interface RetryConfig {
  readonly retry_limit: number;
  readonly retry_wait: number;
  readonly max_retry_wait: number;
}

/** Calls until it succeeds, fails for good, has failed `retry_limit` times more, or the run is stopped. */
export async function withRetries<T>(config: RetryConfig, ctx: Context, call: () => Promise<T>): Promise<T> {
  let waitMs = config.retry_wait;
  for (let retries = 0; ; retries++) {
    try {
      return await call();
    } catch (error) {
      const canHelp = isRopewayError(error) && error.transient && !ctx.signal.aborted;
      if (!canHelp || retries >= config.retry_limit) throw error;
      const pauseMs = Math.min(waitMs, config.max_retry_wait);
      ctx.log.warn('The database was not ready; trying again.', { reason: error.message, wait_ms: pauseMs });
      // A stop ends the wait; the call that failed says why there is no result.
      await wait(pauseMs, undefined, { signal: ctx.signal }).catch(() => {
        throw error;
      });
      waitMs = Math.min(waitMs * 2, config.max_retry_wait);
    }
  }
}
