/** Dates and times in PostgreSQL's ISO notation: from bytes, and to bytes. */
import type { TimestampVector } from '#spi/batch.ts';
import { timestampAt } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { civilFromDays, daysFromCivil, SECONDS_PER_DAY } from '#codec/time/civil.ts';
import { halvesOf } from '#codec/number/long.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const COLON = 0x3a;
const POINT = 0x2e;
const SPACE = 0x20;

/** Seconds beyond which microseconds do not fit into 64 bits. */
const SECONDS_MAX = 9_200_000_000_000;

/** Reads into its own fields: no object per value. */
export class TimeReader {
  seconds = 0;
  nanos = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /** A date, or a timestamp without a zone or with one. False when it is none, or too far away for a record. */
  readMoment(bytes: Uint8Array, start: number, end: number): boolean {
    this.#begin(bytes, start, end);
    const isBefore = end - start > 3 && bytes[end - 1] === 0x43 && bytes[end - 2] === 0x42 && bytes[end - 3] === SPACE;
    if (isBefore) this.#end -= 3;
    const year = this.#number(MINUS);
    const month = this.#number(MINUS);
    const day = this.#number(SPACE);
    if (year < 0 || month < 1 || day < 1) return false;
    const days = daysFromCivil(isBefore ? 1 - year : year, month, day);
    let ofDay = 0;
    if (this.#at < this.#end) {
      ofDay = this.#clock();
      if (ofDay < 0) return false;
      ofDay -= this.#offset();
    }
    this.seconds = days * SECONDS_PER_DAY + ofDay;
    return this.#at === this.#end && Math.abs(this.seconds) <= SECONDS_MAX;
  }

  /** A time of day; 24:00:00 is the end of it. */
  readTime(bytes: Uint8Array, start: number, end: number): boolean {
    this.#begin(bytes, start, end);
    this.seconds = this.#clock();
    return this.seconds >= 0 && this.#at === end;
  }

  #begin(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.nanos = 0;
  }

  /** Digits up to the mark, which is skipped, or another byte; -1 when there are none. */
  #number(mark: number): number {
    let value = 0;
    let at = this.#at;
    for (; at < this.#end; at++) {
      const digit = (this.#bytes[at] as number) - ZERO; // bounded by the loop
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
    }
    if (at === this.#at) return -1;
    this.#at = at < this.#end && this.#bytes[at] === mark ? at + 1 : at;
    return value;
  }

  #clock(): number {
    const hours = this.#number(COLON);
    const minutes = this.#number(COLON);
    const seconds = this.#number(POINT);
    if (hours < 0 || minutes < 0 || seconds < 0) return -1;
    if (this.#bytes[this.#at - 1] === POINT) {
      const from = this.#at;
      const fraction = this.#number(SPACE);
      if (fraction < 0) return -1;
      this.nanos = fraction * 10 ** (9 - (this.#at - from));
    }
    return hours * 3600 + minutes * 60 + seconds;
  }

  /** `+00`, `-03:30`, `+00:19:32`, or nothing. */
  #offset(): number {
    const sign = this.#bytes[this.#at];
    if (this.#at >= this.#end || (sign !== PLUS && sign !== MINUS)) return 0;
    this.#at += 1;
    let size = this.#number(COLON) * 3600;
    if (this.#bytes[this.#at - 1] === COLON) size += this.#number(COLON) * 60;
    if (this.#bytes[this.#at - 1] === COLON) size += this.#number(COLON);
    return sign === MINUS ? -size : size;
  }
}

const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
/** Above it a double does not hold microseconds exactly: the high word of 2^53. */
const SAFE_HIGH = 0x20_0000;

/** Writes the timestamps of columns. One for each column: it remembers the day it wrote last. */
export class TimeWriter {
  /** Seconds east of UTC of what is written, by the instant; undefined is UTC. */
  readonly #offsetAt: ((seconds: number) => number) | undefined;
  #halves: Uint32Array = new Uint32Array(0);
  #values: BigInt64Array | undefined;
  #day = Number.NaN;
  #date = '';
  #isBefore = false;
  #seconds = 0;
  #micros = 0;

  constructor(offsetAt?: (seconds: number) => number) {
    this.#offsetAt = offsetAt;
  }

  /** `2024-01-31`. */
  writeDate(sink: ByteSink, vector: TimestampVector, row: number): void {
    this.#read(vector, row);
    this.#setDay();
    sink.writeAscii(this.#date);
    if (this.#isBefore) sink.writeAscii(' BC');
  }

  /** `13:05:00.000001`. The end of 1970-01-01 is how 24:00 is read, and goes back to it. */
  writeTime(sink: ByteSink, vector: TimestampVector, row: number): void {
    this.#read(vector, row);
    if (this.#seconds === SECONDS_PER_DAY && this.#micros === 0) sink.writeAscii('24:00:00');
    else this.#clock(sink);
  }

  /** `2024-01-31 13:05:00.000001`, with the suffix behind it. */
  writeMoment(sink: ByteSink, vector: TimestampVector, row: number, suffix: string): void {
    this.#read(vector, row);
    this.#setDay();
    sink.writeAscii(this.#date);
    sink.writeByte(SPACE);
    this.#clock(sink);
    sink.writeAscii(suffix);
    if (this.#isBefore) sink.writeAscii(' BC');
  }

  /** Takes the cell apart without a bigint, unless it is centuries away. */
  #read(vector: TimestampVector, row: number): void {
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

  #setDay(): void {
    const day = Math.floor(this.#seconds / SECONDS_PER_DAY);
    if (day === this.#day) return;
    this.#day = day;
    const date = civilFromDays(day);
    this.#isBefore = date.year <= 0;
    const year = String(this.#isBefore ? 1 - date.year : date.year).padStart(4, '0');
    this.#date = `${year}-${String(date.month).padStart(2, '0')}-${String(date.day).padStart(2, '0')}`;
  }

  #clock(sink: ByteSink): void {
    const ofDay = this.#seconds - Math.floor(this.#seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
    const minutes = Math.floor(ofDay / 60);
    twoDigits(sink, Math.floor(minutes / 60), COLON);
    twoDigits(sink, minutes % 60, COLON);
    twoDigits(sink, ofDay % 60, POINT);
    const micros = this.#micros;
    twoDigits(sink, Math.floor(micros / 10_000), -1);
    twoDigits(sink, Math.floor(micros / 100) % 100, -1);
    twoDigits(sink, micros % 100, -1);
  }
}

function twoDigits(sink: ByteSink, value: number, mark: number): void {
  sink.writeByte(ZERO + Math.floor(value / 10));
  sink.writeByte(ZERO + (value % 10));
  if (mark >= 0) sink.writeByte(mark);
}
