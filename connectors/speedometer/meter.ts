/** What has gone by, in memory that the threads of a run share; and when the next records may. Times are in µs. */

const slots = ['start', 'bytes', 'records', 'reported', 'active', 'free'] as const;
type Slot = (typeof slots)[number];

const MICROS_PER_SECOND = 1_000_000;

export interface MeterOptions {
  readonly bytesPerSecondMax: number;
  readonly reportIntervalSeconds: number;
}

export class Meter {
  readonly #values: BigInt64Array;
  readonly #options: MeterOptions;

  constructor(memory: SharedArrayBuffer, options: MeterOptions) {
    this.#values = new BigInt64Array(memory);
    this.#options = options;
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(slots.length * 8);
  }

  enter(): void {
    this.#add('active', 1);
  }

  /** How many streams are left. */
  leave(): number {
    return this.#add('active', -1);
  }

  /** Counts records, and gives the time at which the next ones may come. */
  count(records: number, bytes: number, now: number): number {
    if (this.#replace('start', 0, now)) this.#replace('reported', 0, now);
    this.#add('bytes', bytes);
    this.#add('records', records);
    const { bytesPerSecondMax: limit } = this.#options;
    if (limit === 0) return now;
    for (;;) {
      const free = this.#read('free');
      const next = Math.max(free, now) + Math.ceil((bytes / limit) * MICROS_PER_SECOND);
      if (this.#replace('free', free, next)) return next;
    }
  }

  /** True for one stream each time that an interval is over. */
  isReportDue(now: number): boolean {
    const reported = this.#read('reported');
    const isOver = now - reported >= this.#options.reportIntervalSeconds * MICROS_PER_SECOND;
    return isOver && this.#replace('reported', reported, now);
  }

  report(now: number): Readonly<Record<string, string | number>> {
    const [bytes, records] = [this.#read('bytes'), this.#read('records')];
    const seconds = Math.max(0, now - this.#read('start')) / MICROS_PER_SECOND;
    const perSecond = (count: number): number => (seconds === 0 ? count : count / seconds);
    return {
      active: this.#read('active'),
      total: bytesText(bytes),
      sec: durationText(seconds),
      speed: `${bytesText(perSecond(bytes))}/s`,
      records: countText(records),
      'record-speed': `${countText(perSecond(records))}/s`,
    };
  }

  #index(slot: Slot): number {
    return slots.indexOf(slot);
  }

  #read(slot: Slot): number {
    return Number(Atomics.load(this.#values, this.#index(slot)));
  }

  #add(slot: Slot, count: number): number {
    return Number(Atomics.add(this.#values, this.#index(slot), BigInt(count))) + count;
  }

  /** False when another thread was faster. */
  #replace(slot: Slot, before: number, after: number): boolean {
    const expected = BigInt(before);
    return Atomics.compareExchange(this.#values, this.#index(slot), expected, BigInt(after)) === expected;
  }
}

const byteUnits = ['b', 'kb', 'mb', 'gb', 'tb'] as const;

/** `512b`, `13.5mb`, `121kb`. */
function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const hasFraction = unit > 0 && value < 100;
  const shown = hasFraction ? (Math.floor(value * 10) / 10).toFixed(1) : String(Math.floor(value));
  return `${shown}${byteUnits[unit] ?? ''}`;
}

/** `1:51`, `2:00:01`. */
function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

function countText(count: number): string {
  return String(Math.floor(count)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
