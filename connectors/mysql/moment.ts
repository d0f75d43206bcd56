/** Dates and times as the binary protocol has them: a length, then fields, as many of them as are not zero. */
import { daysFromCivil, monthLength, SECONDS_PER_DAY } from '#codec/time/civil.ts';

/** Reads into its own fields: no object per value. */
export class MomentReader {
  /** Since 1970-01-01T00:00:00, or of the time. */
  seconds = 0;
  micros = 0;
  /** A date with a zero in it, or one that the calendar does not have. */
  isZero = false;
  /** Behind the value. */
  end = 0;

  /** A date with or without a time. */
  readMoment(bytes: Uint8Array, at: number): void {
    const length = bytes[at] as number; // within the row, as everything below
    this.end = at + 1 + length;
    const year = length === 0 ? 0 : (bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8);
    const month = length === 0 ? 0 : (bytes[at + 3] as number);
    const day = length === 0 ? 0 : (bytes[at + 4] as number);
    this.isZero = month === 0 || day === 0 || day > monthLength(year, month);
    let ofDay = 0;
    if (length > 4) {
      ofDay = (bytes[at + 5] as number) * 3600 + (bytes[at + 6] as number) * 60 + (bytes[at + 7] as number);
    }
    this.micros = length > 7 ? uint32(bytes, at + 8) : 0;
    if (!this.isZero) this.seconds = daysFromCivil(year, month, day) * SECONDS_PER_DAY + ofDay;
  }

  /** A time, which may be negative and longer than a day. */
  readTime(bytes: Uint8Array, at: number): void {
    const length = bytes[at] as number; // within the row, as everything below
    this.end = at + 1 + length;
    this.isZero = false;
    this.seconds = 0;
    this.micros = 0;
    if (length === 0) return;
    const days = uint32(bytes, at + 2);
    const ofDay = (bytes[at + 6] as number) * 3600 + (bytes[at + 7] as number) * 60 + (bytes[at + 8] as number);
    const isNegative = bytes[at + 1] === 1;
    this.seconds = days * SECONDS_PER_DAY + ofDay;
    this.micros = length > 8 ? uint32(bytes, at + 9) : 0;
    if (!isNegative) return;
    this.seconds = -this.seconds - (this.micros > 0 ? 1 : 0);
    this.micros = this.micros > 0 ? 1_000_000 - this.micros : 0;
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  // Within the row; the values are below 2^31.
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** As the server prints it: `2024-01-31 12:00:00.5`, with as many digits of the fraction as the column has. */
export function momentText(bytes: Uint8Array, at: number, fraction: number, isDate: boolean): string {
  const length = bytes[at] as number; // within the row
  const field = (index: number, from: number): number => (length > from ? (bytes[at + index] as number) : 0);
  const year = field(1, 0) | (field(2, 0) << 8);
  const date = `${pad(year, 4)}-${pad(field(3, 0), 2)}-${pad(field(4, 0), 2)}`;
  if (isDate) return date;
  const micros = length > 7 ? uint32(bytes, at + 8) : 0;
  return `${date} ${pad(field(5, 4), 2)}:${pad(field(6, 4), 2)}:${pad(field(7, 4), 2)}${fractionText(micros, fraction)}`;
}

/** `-838:59:59.000001`. */
export function timeText(bytes: Uint8Array, at: number, fraction: number): string {
  const length = bytes[at] as number; // within the row
  if (length === 0) return `00:00:00${fractionText(0, fraction)}`;
  const hours = uint32(bytes, at + 2) * 24 + (bytes[at + 6] as number);
  const micros = length > 8 ? uint32(bytes, at + 9) : 0;
  const clock = `${pad(hours, 2)}:${pad(bytes[at + 7] as number, 2)}:${pad(bytes[at + 8] as number, 2)}`;
  return `${bytes[at + 1] === 1 ? '-' : ''}${clock}${fractionText(micros, fraction)}`;
}

function fractionText(micros: number, digits: number): string {
  return digits === 0 ? '' : `.${pad(micros, 6).slice(0, digits)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
