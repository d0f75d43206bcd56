/** Trying again what may pass: with waits that double, and differ from those of others who wait for the same. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';

export interface RetrySettings {
  readonly maximum_retries: number;
  readonly initial_retry_interval_millis: number;
  readonly maximum_retry_interval_millis: number;
}

export interface RetryHooks {
  readonly log: Logger;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** The error as ours. */
  readonly translate: (error: unknown) => unknown;
}

/** The wait before another try, after `failures` of them; `random` is in [0, 1). */
export function backoffMs(failures: number, settings: RetrySettings, random: number): number {
  const { initial_retry_interval_millis: initial, maximum_retry_interval_millis: maximum } = settings;
  const full = Math.min(initial * 2 ** (failures - 1), maximum);
  return full * (0.5 + random / 2);
}

/** Counts failures in a row; `pause` throws when the error is not one to try again after. */
export class Retries {
  readonly #settings: RetrySettings;
  readonly #hooks: RetryHooks;
  #failures = 0;

  constructor(settings: RetrySettings, hooks: RetryHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /** Something has been achieved since the last failure. */
  reset(): void {
    this.#failures = 0;
  }

  async pause(thrown: unknown): Promise<void> {
    const { log, signal, translate } = this.#hooks;
    const error = translate(thrown);
    this.#failures += 1;
    const { maximum_retries: maximum } = this.#settings;
    const isHopeless = !isRopewayError(error) || !error.transient || this.#failures > maximum || signal.aborted;
    if (isHopeless) throw error;
    const asked = error.retryAfterMs;
    // Whoever asks for more than we would ever wait is not going to be ready in time.
    if (asked !== undefined && asked > this.#settings.maximum_retry_interval_millis) throw error;
    const waitMs = asked ?? Math.round(backoffMs(this.#failures, this.#settings, Math.random()));
    log.warn('A request failed; it will be tried again.', {
      reason: error.message,
      retry: this.#failures,
      of: maximum,
      wait_ms: waitMs,
    });
    try {
      await wait(waitMs, undefined, { signal });
    } catch (stopped) {
      throw translate(stopped);
    }
  }
}

export async function retrying<T>(call: () => Promise<T>, settings: RetrySettings, hooks: RetryHooks): Promise<T> {
  const retries = new Retries(settings, hooks);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      await retries.pause(error);
    }
  }
}
