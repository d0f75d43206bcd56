/** Reports how fast records go by, and slows them down to a limit. The records stay as they are. */
import { setTimeout } from 'node:timers/promises';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Batch } from '#spi/batch.ts';
import type { Context } from '#spi/context.ts';
import type { Filter, FilterStream } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import type { SpeedometerConfig } from './config.ts';
import { Meter } from './meter.ts';
import { batchSizer } from './sizes.ts';

const MICROS_PER_MILLI = 1000;

export const speedometer: Filter<SpeedometerConfig> = {
  // What is read on a guess, and again, would count twice.
  isRowwise: false,
  open: (config, input, ctx) => new Speedometer(config, input, ctx),
};

class Speedometer implements FilterStream {
  readonly schema: Schema;
  readonly #config: SpeedometerConfig;
  readonly #ctx: Context;
  readonly #meter: Meter;
  readonly #sizeOf: (batch: Batch) => number;
  #isAtWork = false;
  /** When the next records may come. */
  #next = 0;

  constructor(config: SpeedometerConfig, input: Schema, ctx: Context) {
    this.schema = input;
    this.#config = config;
    this.#ctx = ctx;
    this.#sizeOf = batchSizer(config, input);
    this.#meter = new Meter(meterMemory(config, input, ctx), {
      bytesPerSecondMax: config.speed_limit,
      reportIntervalSeconds: config.log_interval_seconds,
    });
  }

  apply(batch: Batch): Batch {
    if (!this.#isAtWork) this.#meter.enter();
    this.#isAtWork = true;
    const now = microsNow();
    this.#next = this.#meter.count(batch.rowCount, this.#sizeOf(batch), now);
    if (this.#meter.isReportDue(now)) this.#report(now);
    return batch;
  }

  hold(): Promise<void> | undefined {
    return this.#next > microsNow() ? this.#wait(this.#next) : undefined;
  }

  close(): void {
    if (!this.#isAtWork) return;
    this.#isAtWork = false;
    if (this.#meter.leave() === 0) this.#report(microsNow());
  }

  async #wait(until: number): Promise<void> {
    const { signal } = this.#ctx;
    for (let left = until - microsNow(); left > 0 && !signal.aborted; left = until - microsNow()) {
      const sleepMs = Math.min(Math.ceil(left / MICROS_PER_MILLI), this.#config.max_sleep_millisec);
      try {
        await setTimeout(sleepMs, undefined, { signal });
      } catch (error) {
        // The run is being stopped: whoever reads the input says so.
        if (!signal.aborted) throw error;
      }
    }
  }

  #report(now: number): void {
    const { label } = this.#config;
    this.#ctx.log.info('Speed of the records.', {
      ...(label === undefined ? {} : { label }),
      ...this.#meter.report(now),
    });
  }
}

function microsNow(): number {
  return Math.round((performance.timeOrigin + performance.now()) * MICROS_PER_MILLI);
}

/** Memory of the run: made when the run is planned, before there are threads, which inherit it. Tasks have a number. */
function meterMemory(config: SpeedometerConfig, input: Schema, ctx: Context): SharedArrayBuffer {
  const key = `ropeway speedometer ${JSON.stringify([config, input])}`;
  const inherited = 'taskIndex' in ctx ? getEnvironmentData(key) : undefined;
  if (inherited instanceof SharedArrayBuffer) return inherited;
  const memory = Meter.memory();
  setEnvironmentData(key, memory);
  return memory;
}
