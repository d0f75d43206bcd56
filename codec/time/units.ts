/** Instants as numbers of seconds, milliseconds, microseconds, nanoseconds. */
import type { Timestamp } from '#spi/batch.ts';

export type TimeUnit = 'second' | 'milli' | 'micro' | 'nano';

const nanosPer: Readonly<Record<TimeUnit, bigint>> = {
  second: 1_000_000_000n,
  milli: 1_000_000n,
  micro: 1000n,
  nano: 1n,
};
const NANOS_PER_SECOND = 1_000_000_000n;
/** Seconds that a timestamp cell can hold. */
const SECONDS_MAX = 9_200_000_000_000n;

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** Nanoseconds since 1970: what all conversions go through, without a limit. */
export function nanosOfLong(value: bigint, unit: TimeUnit): bigint {
  return value * nanosPer[unit];
}

/** Undefined for NaN and infinity. The fraction is rounded to nanoseconds. */
export function nanosOfDouble(value: number, unit: TimeUnit): bigint | undefined {
  if (!Number.isFinite(value)) return undefined;
  const whole = Math.floor(value);
  return BigInt(whole) * nanosPer[unit] + BigInt(Math.round((value - whole) * Number(nanosPer[unit])));
}

export function nanosOfTimestamp({ seconds, nanos }: Timestamp): bigint {
  return BigInt(seconds) * NANOS_PER_SECOND + BigInt(nanos);
}

/** Undefined when a timestamp cell cannot hold it. */
export function timestampOfNanos(total: bigint): Timestamp | undefined {
  let seconds = total / NANOS_PER_SECOND;
  let nanos = total % NANOS_PER_SECOND;
  if (nanos < 0n) {
    seconds -= 1n;
    nanos += NANOS_PER_SECOND;
  }
  if (seconds <= -SECONDS_MAX || seconds >= SECONDS_MAX) return undefined;
  return { seconds: Number(seconds), nanos: Number(nanos) };
}

/** The number of whole units: of an instant those that have passed, of a number (`isNumber`) without its fraction. */
export function longOfNanos(total: bigint, unit: TimeUnit, isNumber: boolean): bigint | undefined {
  const per = nanosPer[unit];
  let value = total / per;
  if (!isNumber && total % per < 0n) value -= 1n;
  return value >= LONG_MIN && value <= LONG_MAX ? value : undefined;
}

export function doubleOfNanos(total: bigint, unit: TimeUnit): number {
  const per = nanosPer[unit];
  return Number(total / per) + Number(total % per) / Number(per);
}
