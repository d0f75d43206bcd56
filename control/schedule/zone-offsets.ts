/** The offsets of a time zone over time, as spans between its transitions: asked once, and kept. */
import { scheduleErrors } from './errors.ts';

/** Milliseconds since 1970, all of them; local ones as if the zone were UTC. */
export interface OffsetSpan {
  readonly start: number;
  /** Of the next one, Infinity when there is none. */
  readonly end: number;
  readonly offset: number;
  /** What local clocks have shown or passed over before it: -Infinity for the first. */
  readonly localBefore: number;
}

/** Nothing is asked about earlier times. */
export const EARLIEST_MS: number = Date.UTC(1969, 0, 1);
/** All zones that there are, several times. */
const ZONES_MAX = 2000;

const zones = new Map<string, ZoneOffsets>();

export function zoneOffsets(zone: string): ZoneOffsets {
  let found = zones.get(zone);
  if (found === undefined) {
    found = new ZoneOffsets(zone);
    if (zones.size >= ZONES_MAX) zones.clear();
    zones.set(zone, found);
  }
  return found;
}

/** Of the rules of time zones that this process knows. */
export const tzdataVersion: string = process.versions['tz'] ?? 'unknown';

export class ZoneOffsets {
  readonly #spans: OffsetSpan[] = [];
  /** Where the span begins that was not looked at yet; undefined when all were. */
  #rest: Temporal.ZonedDateTime | undefined;
  #localBefore = -Infinity;

  constructor(zone: string) {
    try {
      this.#rest = Temporal.Instant.fromEpochMilliseconds(EARLIEST_MS).toZonedDateTimeISO(zone);
    } catch (error) {
      throw scheduleErrors.error('TIME_ZONE_UNKNOWN', { zone }, { cause: error });
    }
  }

  /** Undefined behind the last one. */
  span(index: number): OffsetSpan | undefined {
    while (index >= this.#spans.length && this.#extend()) continue;
    return this.#spans[index];
  }

  /** Index of the span that holds the instant. */
  indexAt(instant: number): number {
    const spans = this.#spans;
    while ((spans.at(-1)?.end ?? EARLIEST_MS) <= instant && this.#extend()) continue;
    let low = 0;
    let high = spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((spans[middle]?.start ?? 0) <= instant) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #extend(): boolean {
    const at = this.#rest;
    if (at === undefined) return false;
    const next = at.getTimeZoneTransition('next');
    const start = at.epochMilliseconds;
    const end = next?.epochMilliseconds ?? Infinity;
    const offset = at.offsetNanoseconds / 1_000_000;
    const localBefore = this.#localBefore;
    this.#localBefore = Math.max(localBefore, end + offset);
    this.#rest = next ?? undefined;
    const last = this.#spans.at(-1);
    // The abbreviation changed, the offset did not.
    if (last?.offset === offset) this.#spans[this.#spans.length - 1] = { ...last, end };
    else this.#spans.push({ start, end, offset, localBefore });
    return true;
  }
}
