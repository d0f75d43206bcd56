/** Conversions that are not common: by the value's text, as the server would print it. */
import { CELL_NULL } from '#spi/batch.ts';
import type { Logger } from '#spi/context.ts';
import type { ColumnType } from '#spi/schema.ts';
import { canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { formatDouble, parseDouble } from '#codec/number/double.ts';
import { parseLong, setLong } from '#codec/number/long.ts';
import { daysFromCivil, monthLength, SECONDS_PER_DAY } from '#codec/time/civil.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { mysqlErrors } from './errors.ts';
import { MomentReader } from './moment.ts';
import { checkSize, checkZero, refused, setMoment, wordsOf, zoneOf } from './reader-spec.ts';
import type { CellTarget, ReaderSpec } from './reader-spec.ts';
import { LengthReader, valueText } from './wire.ts';

/** Writes the value at `at` into the row. */
type CellWriter = (bytes: Buffer, at: number, row: number) => void;
/** Writes what a text means into the row. */
type TextWriter = (text: string, row: number) => void;

export function textCell(spec: ReaderSpec, target: CellTarget, log: Logger): CellWriter {
  const { kind, source } = spec;
  if (kind === 'date' || kind === 'time' || kind === 'timestamp') return clockCell(spec, target);
  if (kind === 'geometry') throw inconvertible(spec);
  if (kind === 'binary' && source.wire === 'bytes') return binaryCell(spec, target);
  const write = writersOf(spec, target, log)[spec.type];
  if (write === undefined) throw inconvertible(spec);
  return (bytes, at, row) => write(valueText(source, bytes, at), row);
}

function inconvertible(spec: ReaderSpec): Error {
  return mysqlErrors.error('MYSQL_CONVERSION', { column: spec.name, source: spec.kind, target: spec.type });
}

type Writers = Readonly<Partial<Record<ColumnType, TextWriter>>>;

function writersOf(spec: ReaderSpec, target: CellTarget, log: Logger): Writers {
  switch (spec.kind) {
    case 'boolean':
      return booleanWriters(spec, target);
    case 'long':
    case 'float':
    case 'double':
    case 'decimal':
      return numberWriters(spec, target, log);
    case 'string': {
      const { boolean: _, ...numbers } = numberWriters(spec, target, log);
      return { ...numbers, ...stringWriters(spec, target) };
    }
    case 'json':
      return stringWriters(spec, target);
    // Others do not get here.
    default:
      return {};
  }
}

function setters({ vector, made }: CellTarget): {
  text: TextWriter;
  boolean(row: number, value: boolean): void;
  long(row: number, value: bigint): void;
  double(row: number, value: number): void;
} {
  const { cells } = vector;
  const halves = wordsOf({ vector });
  return {
    text(text, row) {
      const start = made.length;
      made.writeString(text);
      cells[row * 2] = start;
      cells[row * 2 + 1] = made.length - start;
    },
    boolean(row, value) {
      if (vector.type === 'boolean') vector.values[row] = value ? 1 : 0;
      cells[row * 2 + 1] = 0;
    },
    long(row, value) {
      setLong(halves, row, value);
      cells[row * 2 + 1] = 0;
    },
    double(row, value) {
      if (vector.type === 'double') vector.values[row] = value;
      cells[row * 2 + 1] = 0;
    },
  };
}

function booleanWriters(spec: ReaderSpec, target: CellTarget): Writers {
  const set = setters(target);
  // Any number but zero is true; as a number it stays what it is.
  const number = (text: string): number => doubleOf(spec, text);
  return {
    boolean: (text, row) => set.boolean(row, number(text) !== 0),
    long: (text, row) => set.long(row, wholeOf(spec, text)),
    double: (text, row) => set.double(row, number(text)),
    string: (text, row) => set.text(number(text) === 0 ? 'false' : 'true', row),
  };
}

function numberWriters(spec: ReaderSpec, target: CellTarget, log: Logger): Writers {
  const set = setters(target);
  let isWarned = spec.kind !== 'decimal';
  return {
    boolean: (text, row) => set.boolean(row, doubleOf(spec, text) > 0),
    long: (text, row) => set.long(row, wholeOf(spec, text)),
    double(text, row) {
      const value = doubleOf(spec, text);
      if (!isWarned) {
        isWarned = true;
        log.warn('Texts become doubles, which hold about 15 digits.', { column: spec.name });
      }
      set.double(row, value);
    },
    string(text, row) {
      if (spec.kind === 'long') set.text(isDigits(text) ? text : String(wholeOf(spec, text)), row);
      else if (spec.kind === 'decimal') set.text(text, row);
      // The shortest digits of a single-precision number are not those of the double that it becomes.
      else set.text(formatDouble(spec.source.kind === 'float' ? Number(text) : doubleOf(spec, text)), row);
    },
  };
}

function isDigits(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function doubleOf(spec: ReaderSpec, text: string): number {
  const value = parseDouble(text);
  if (value === undefined) throw refused(spec, text);
  return spec.kind === 'float' ? Math.fround(value) : value;
}

/** The number as it counts for whole ones: a decimal loses its fraction, a double is rounded half away from zero. */
function wholeOf(spec: ReaderSpec, text: string): bigint {
  if (spec.kind === 'float' || spec.kind === 'double') {
    const value = doubleOf(spec, text);
    const rounded = Math.sign(value) * Math.round(Math.abs(value));
    if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) throw refused(spec, text);
    return BigInt(rounded);
  }
  const value = parseLong(spec.kind === 'decimal' ? text.replace(/\.\d*$/, '') : text);
  if (value === undefined) throw refused(spec, text);
  return value;
}

function stringWriters(spec: ReaderSpec, target: CellTarget): Writers {
  const set = setters(target);
  const { cells } = target.vector;
  const { made } = target;
  return {
    string: set.text,
    json(text, row) {
      const bytes = Buffer.from(text, 'utf8');
      const start = made.length;
      const flags = canonicalizeWholeJson(bytes, 0, bytes.length, made);
      if (flags < 0) throw refused(spec, text);
      cells[row * 2] = start;
      cells[row * 2 + 1] = (made.length - start) | flags;
    },
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that are no text, as a text. */
function binaryCell(spec: ReaderSpec, target: CellTarget): CellWriter {
  if (spec.type !== 'string') throw inconvertible(spec);
  const set = setters(target);
  const length = new LengthReader();
  return (bytes, at, row) => {
    length.read(bytes, at);
    const { start, end } = length;
    checkSize(spec, (end - start) * 2);
    if (spec.binaryFormat !== 'text') set.text(bytes.toString(spec.binaryFormat, start, end), row);
    else if (isUtf8(bytes, start, end)) set.text(bytes.toString('utf8', start, end), row);
    else throw refused(spec, `0x${bytes.toString('hex', start, end)}`);
  };
}

function isUtf8(bytes: Buffer, start: number, end: number): boolean {
  try {
    decoder.decode(bytes.subarray(start, end));
    return true;
  } catch {
    return false;
  }
}

interface Clock {
  seconds: number;
  micros: number;
  isZero: boolean;
}

const isoText = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;
const clockText = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;

function clockCell(spec: ReaderSpec, target: CellTarget): CellWriter {
  const { source, kind, type } = spec;
  if (type !== 'timestamp' && type !== 'string') throw inconvertible(spec);
  const set = setters(target);
  const { vector } = target;
  const halves = wordsOf(target);
  const formatter = type === 'string' ? timestampFormatter(spec.format, spec.timezone) : undefined;
  const zone = zoneOf(spec);
  const read = source.wire === 'moment' || source.wire === 'time' ? wireClock(spec) : textClock(spec);
  return (bytes, at, row) => {
    const clock = read(bytes, at);
    if (clock.isZero) {
      checkZero(spec, valueText(source, bytes, at));
      vector.cells[row * 2 + 1] = CELL_NULL;
      return;
    }
    const isDuration = kind === 'time' && (clock.seconds < 0 || clock.seconds >= SECONDS_PER_DAY);
    const seconds = zone === undefined ? clock.seconds : clock.seconds - zone.offsetAtLocal(clock.seconds);
    if (formatter !== undefined) {
      // A duration is none of the times that a format can tell.
      const text = isDuration ? valueText(source, bytes, at) : formatter.format(seconds, clock.micros * 1000);
      set.text(text, row);
    } else if (isDuration) {
      throw refused(spec, valueText(source, bytes, at));
    } else if (vector.type === 'timestamp') {
      setMoment(halves, row, seconds, clock.micros);
      vector.nanos[row] = 0;
      vector.cells[row * 2 + 1] = 0;
    }
  };
}

function wireClock({ source, kind }: ReaderSpec): (bytes: Buffer, at: number) => Clock {
  const moment = new MomentReader();
  return (bytes, at) => {
    if (source.wire === 'time') moment.readTime(bytes, at);
    else moment.readMoment(bytes, at);
    if (kind === source.kind || moment.isZero) return moment;
    const ofDay = moment.seconds - Math.floor(moment.seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
    if (kind === 'date') return { seconds: moment.seconds - ofDay, micros: 0, isZero: false };
    return kind === 'time' ? { seconds: ofDay, micros: moment.micros, isZero: false } : moment;
  };
}

function textClock(spec: ReaderSpec): (bytes: Buffer, at: number) => Clock {
  return (bytes, at) => {
    const text = valueText(spec.source, bytes, at);
    const time = clockText.exec(text);
    if (time !== null && spec.kind === 'time') {
      const [, hours, minutes, seconds, fraction = ''] = time;
      return { ...clock(hours, minutes, seconds, fraction), isZero: false };
    }
    // A year is its first day.
    const [, year, month, day, hours = '0', minutes = '0', seconds = '0', fraction = ''] =
      isoText.exec(/^\d{4}$/.test(text) ? `${text}-01-01` : text) ?? [];
    if (year === undefined) throw refused(spec, text);
    const [y, m, d] = [Number(year), Number(month), Number(day)];
    if (m === 0 || d === 0 || d > monthLength(y, m)) return { seconds: 0, micros: 0, isZero: true };
    const time24 = clock(hours, minutes, seconds, fraction);
    const midnight = daysFromCivil(y, m, d) * SECONDS_PER_DAY;
    if (spec.kind === 'date') return { seconds: midnight, micros: 0, isZero: false };
    return { seconds: (spec.kind === 'time' ? 0 : midnight) + time24.seconds, micros: time24.micros, isZero: false };
  };
}

function clock(
  hours: string | undefined,
  minutes: string | undefined,
  seconds: string | undefined,
  fraction: string,
): { seconds: number; micros: number } {
  return {
    seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
    micros: Number(fraction.padEnd(6, '0')),
  };
}
