/** Writes timestamps as the dates and times of SQL: `2024-01-31 13:05:00.000001`. */
import type { TimestampVector } from '#spi/batch.ts';
import { timestampAt } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { halvesOf } from '#codec/number/long.ts';
import { civilFromDays, SECONDS_PER_DAY } from '#codec/time/civil.ts';

const ZERO = 0x30;
const COLON = 0x3a;
const POINT = 0x2e;
const SPACE = 0x20;
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
/** Above it a double does not hold microseconds exactly: the high word of 2^53. */
const SAFE_HIGH = 0x20_0000;
const MICRO_DIGITS = 6;

/** Writes the values of one column: it remembers the day it wrote last. */
export class TimeWriter {
  /** Seconds east of UTC of what is written, by the instant; undefined is UTC. */
  readonly #offsetAt: ((seconds: number) => number) | undefined;
  readonly #digits: number;
  readonly #unit: number;
  #halves: Uint32Array = new Uint32Array(0);
  #values: BigInt64Array | undefined;
  #day = Number.NaN;
  #date = '';
  #year = 0;
  #seconds = 0;
  #micros = 0;

  /** `digits` of the fraction, up to six; what is beyond is rounded. */
  constructor(digits: number, offsetAt?: (seconds: number) => number) {
    this.#digits = digits;
    this.#unit = 10 ** (MICRO_DIGITS - digits);
    this.#offsetAt = offsetAt;
  }

  /** Reads the cell that is written next; returns its year. */
  read(vector: TimestampVector, row: number): number {
    this.#take(vector, row);
    this.#round();
    return this.#setDay();
  }

  writeDate(sink: ByteSink): void {
    sink.writeAscii(this.#date);
  }

  writeMoment(sink: ByteSink): void {
    sink.writeAscii(this.#date);
    sink.writeByte(SPACE);
    this.writeTime(sink);
  }

  writeTime(sink: ByteSink): void {
    const ofDay = this.#seconds - Math.floor(this.#seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
    const minutes = Math.floor(ofDay / 60);
    twoDigits(sink, Math.floor(minutes / 60));
    sink.writeByte(COLON);
    twoDigits(sink, minutes % 60);
    sink.writeByte(COLON);
    twoDigits(sink, ofDay % 60);
    if (this.#digits === 0) return;
    sink.writeByte(POINT);
    let rest = this.#micros;
    for (let unit = 100_000, digit = 0; digit < this.#digits; digit++, unit /= 10) {
      const value = Math.floor(rest / unit);
      sink.writeByte(ZERO + value);
      rest -= value * unit;
    }
  }

  /** Takes the cell apart without a bigint, unless it is centuries away. */
  #take(vector: TimestampVector, row: number): void {
    if (this.#values !== vector.values) {
      this.#values = vector.values;
      this.#halves = halvesOf(vector.values);
    }
    const high = (this.#halves[row * 2 + 1 - LOW] as number) | 0; // rows are within the batch
    if (high < SAFE_HIGH && high >= -SAFE_HIGH) {
      const micros = high * 2 ** 32 + (this.#halves[row * 2 + LOW] as number);
      this.#seconds = Math.floor(micros / 1e6);
      this.#micros = micros - this.#seconds * 1e6;
    } else {
      const { seconds, nanos } = timestampAt(vector, row);
      this.#seconds = seconds;
      this.#micros = Math.floor(nanos / 1000);
    }
    if (this.#offsetAt !== undefined) this.#seconds += this.#offsetAt(this.#seconds);
  }

  #round(): void {
    if (this.#digits === MICRO_DIGITS || this.#micros === 0) return;
    this.#micros = Math.round(this.#micros / this.#unit) * this.#unit;
    if (this.#micros < 1_000_000) return;
    this.#micros = 0;
    this.#seconds += 1;
  }

  #setDay(): number {
    const day = Math.floor(this.#seconds / SECONDS_PER_DAY);
    if (day !== this.#day) {
      this.#day = day;
      const { year, month, day: ofMonth } = civilFromDays(day);
      this.#year = year;
      this.#date = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(ofMonth).padStart(2, '0')}`;
    }
    return this.#year;
  }
}

function twoDigits(sink: ByteSink, value: number): void {
  sink.writeByte(ZERO + Math.floor(value / 10));
  sink.writeByte(ZERO + (value % 10));
}
