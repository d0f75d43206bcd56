/** Zones: fixed offsets by arithmetic; regions through the platform's database, one look-up per transition. */
import { civilFromDays, daysFromCivil, SECONDS_PER_DAY } from './civil.ts';
import { shortNamesOf, zoneAliases, zoneNameOffsets } from './zone-names.ts';

export interface Zone {
  /** Seconds east of UTC at the instant (epoch seconds). */
  offsetAt(seconds: number): number;
  /**
   * Seconds east of UTC for a local time (its seconds as if it were UTC). As Java resolves them: a time in a gap is
   * moved forward by the gap, a time that comes twice is the earlier one.
   */
  offsetAtLocal(localSeconds: number): number;
  /** Java's short name at the instant: `JST`, `PDT`, `+09:00`, `UTC`. */
  shortName(seconds: number): string;
  /** The stretch of time around the instant in which the offset does not change. */
  spanAt(seconds: number): Span;
}

/** A stretch of time with one offset, in epoch seconds; infinite when it has no beginning or end. */
export interface Span {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
}

const OFFSET_SECONDS_MAX = 18 * 3600;

/** `[+-]` and digits as Ruby reads them: `+9`, `+09`, `+0930`, `+9:30`, `+9.5`, `+09:00:30`. */
const numericOffset = /^(?:GMT|UTC?)?([-+])(\d+)(?:([,.:])(\d+)(?::(\d+))?)?$/;

/**
 * The offset in seconds that a zone in a text means, or undefined: upper and lower case and runs of blanks do not
 * matter; region ids are not allowed here.
 */
export function offsetOfText(text: string): number | undefined {
  const name = text.trim().replace(/\s+/g, ' ').toUpperCase();
  const alias = zoneAliases.get(name);
  if (alias !== undefined) return alias;
  const isDaylight = / (?:DAYLIGHT TIME|DST)$/.test(name);
  const base = zoneNameOffsets.get(name.replace(/ (?:STANDARD TIME|DAYLIGHT TIME|DST)$/, ''));
  if (base !== undefined) return base + (isDaylight ? 3600 : 0);
  return numericOffsetOf(name);
}

function numericOffsetOf(name: string): number | undefined {
  const match = numericOffset.exec(name);
  if (match === null) return undefined;
  const [, sign, whole = '', mark, part = '', rest = '0'] = match;
  const size = mark === undefined ? pairsFromRight(whole) : partsOffset(whole, mark, part, rest);
  return size > OFFSET_SECONDS_MAX ? undefined : sign === '-' ? -size : size;
}

/** Digits without a mark are read from the right in pairs: `123` is 1:23. Two digits at most are hours. */
function pairsFromRight(digits: string): number {
  if (digits.length <= 2) return Number(digits) * 3600;
  const padded = digits.padStart(digits.length + (digits.length % 2), '0');
  const [hours = 0, minutes = 0, seconds = 0] = (padded.match(/\d\d/g) ?? []).map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

function partsOffset(hours: string, mark: string, part: string, seconds: string): number {
  if (mark === ':') return Number(hours) * 3600 + Number(part) * 60 + Number(seconds);
  return Number(hours) * 3600 + Math.round(Number(`0.${part}`) * 3600);
}

export function fixedZone(offset: number): Zone {
  const name = offset === 0 ? 'UTC' : formatOffset(offset);
  const span = { from: -Infinity, until: Infinity, offset };
  return { offsetAt: () => offset, offsetAtLocal: () => offset, shortName: () => name, spanAt: () => span };
}

/** `+09:00`, with seconds when there are any. */
export function formatOffset(offset: number): string {
  const size = Math.abs(offset);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const seconds = size % 60 === 0 ? '' : `:${pad(size % 60)}`;
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 3600))}:${pad(Math.floor(size / 60) % 60)}${seconds}`;
}

/** Names that are regions with daylight saving although the table of texts knows them as fixed offsets. */
const regionsFirst = new Set(['CET', 'EET', 'MET', 'WET']);

/** The zone that an option names: what a text may say, and region ids. */
export function zoneOfName(name: string): Zone | undefined {
  const offset = regionsFirst.has(name) ? undefined : offsetOfText(name);
  return offset === undefined ? zoneOfRegion(name) : fixedZone(offset);
}

/** The zone of an id of the IANA database, or of an offset such as `+09:00`: texts such as JST are none. */
export function zoneOfRegion(name: string): Zone | undefined {
  try {
    return new RegionZone(new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone, name);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Spans kept at most; data that jumps over centuries of a busy zone starts over. */
const SPANS_MAX = 512;

class RegionZone implements Zone {
  readonly #region: string;
  readonly #name: string;
  #spans: Span[] = [];
  #cachedNames: readonly [string, string] | undefined;
  #last: Span = { from: 1, until: 0, offset: 0 };

  constructor(region: string, name: string) {
    this.#region = region;
    this.#name = name;
  }

  offsetAt(seconds: number): number {
    return this.spanAt(seconds).offset;
  }

  offsetAtLocal(localSeconds: number): number {
    // A day around covers every change: zones do not change twice within two days.
    const before = this.offsetAt(localSeconds - 86_400);
    const after = this.offsetAt(localSeconds + 86_400);
    if (before === after || this.offsetAt(localSeconds - before) === before) return before;
    return this.offsetAt(localSeconds - after) === after ? after : before;
  }

  shortName(seconds: number): string {
    const names = shortNamesOf(this.#name) ?? shortNamesOf(this.#region) ?? this.#platformNames();
    return this.#isDaylight(seconds) ? names[1] : names[0];
  }

  /** Daylight saving: the offset is above the lesser of those in January and July. */
  #isDaylight(seconds: number): boolean {
    const { year } = civilFromDays(Math.floor(seconds / SECONDS_PER_DAY));
    const [january, july] = [1, 7].map((month) => this.offsetAt(daysFromCivil(year, month, 1) * SECONDS_PER_DAY));
    return this.offsetAt(seconds) > Math.min(january ?? 0, july ?? 0);
  }

  /** The platform's names of today's standard and daylight time: it has none for the times before zones. */
  #platformNames(): readonly [string, string] {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: this.#region, timeZoneName: 'short' });
    const winterAndSummer = [0, 6].map((month) => Date.UTC(2020, month, 1));
    const [standard = 0, daylight = 0] = winterAndSummer.sort(
      (a, b) => this.offsetAt(a / 1000) - this.offsetAt(b / 1000),
    );
    const nameAt = (time: number): string =>
      format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ??
      formatOffset(this.offsetAt(time / 1000));
    this.#cachedNames ??= [nameAt(standard), nameAt(daylight)];
    return this.#cachedNames;
  }

  spanAt(seconds: number): Span {
    const last = this.#last;
    if (seconds >= last.from && seconds < last.until) return last;
    const known = this.#spans.find((span) => seconds >= span.from && seconds < span.until);
    this.#last = known ?? this.#lookUp(seconds);
    return this.#last;
  }

  #lookUp(seconds: number): Span {
    const moment = Temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(this.#region);
    const next = moment.getTimeZoneTransition('next');
    // One nanosecond later, so that a transition at this very moment counts as the one before.
    const previous = moment.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
    const span: Span = {
      from: previous === null ? -Infinity : Math.ceil(previous.epochMilliseconds / 1000),
      until: next === null ? Infinity : Math.ceil(next.epochMilliseconds / 1000),
      offset: Math.round(moment.offsetNanoseconds / 1e9),
    };
    if (this.#spans.length >= SPANS_MAX) this.#spans = [];
    this.#spans.push(span);
    return span;
  }
}
