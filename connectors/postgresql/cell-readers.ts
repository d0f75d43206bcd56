/** From the text of one value to a cell of a batch: one function per column, made when its types are known. */
import { CELL_CANONICAL } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Logger } from '#spi/context.ts';
import type { ColumnType } from '#spi/schema.ts';
import { canonicalizeJson } from '#codec/json/canonical.ts';
import { formatDouble, parseDouble, scanDouble } from '#codec/number/double.ts';
import { parseLong, scanLong } from '#codec/number/long.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { CopyCells } from './copy-cells.ts';
import { postgresErrors } from './errors.ts';
import type { SourceKind } from './source-types.ts';
import { TimeReader } from './time-text.ts';

/** What the reader of a column is made from: plain JSON, a part of the task. */
export interface ReaderSpec {
  readonly name: string;
  readonly kind: SourceKind;
  readonly type: ColumnType;
  /** For dates and times that become strings. */
  readonly format: string;
  readonly timezone: string;
  readonly infiniteDates: 'error' | 'null';
}

/** The text of the value under way, a range of the reader's memory: one object for all of them. */
export interface CellText {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** `CELL_PLAIN` when that is known. */
  flags: number;
}

export type CellReader = (text: CellText, cells: CopyCells, column: number) => void;

/** What some of a column's values cannot be: shown in an error. */
const SHOWN_TEXT_MAX = 100;
/** Decimal digits that every double tells apart. */
const DOUBLE_DIGITS = 15;

export function textOf({ bytes, start, end }: CellText): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

/** Makes the reader of a column. Throws a config error when its kind cannot become its type. */
export function cellReader(spec: ReaderSpec, log: Logger): CellReader {
  const reader = readersOf(spec, log)[spec.type];
  if (reader !== undefined) return reader;
  throw postgresErrors.error('PG_CONVERSION', { column: spec.name, source: spec.kind, target: spec.type });
}

type Readers = Readonly<Partial<Record<ColumnType, CellReader>>>;

function readersOf(spec: ReaderSpec, log: Logger): Readers {
  switch (spec.kind) {
    case 'long':
      return longReaders(spec);
    case 'float':
    case 'double':
    case 'decimal':
      return numberReaders(spec, log);
    case 'boolean':
      return booleanReaders;
    case 'string':
      return stringReaders(spec, log);
    case 'json':
      return { string: readText, json: jsonReader(spec) };
    case 'date':
    case 'time':
    case 'timestamp':
      return timeReaders(spec);
  }
}

function readText({ start, end, flags }: CellText, cells: CopyCells, column: number): void {
  cells.setText(column, start, end, flags);
}

function refused(spec: ReaderSpec, text: CellText): Error {
  const value = textOf(text).slice(0, SHOWN_TEXT_MAX);
  const params = { value, column: spec.name, target: spec.type };
  return postgresErrors.error('PG_VALUE', params, { where: { field: spec.name } });
}

/** Where a number is read into: one place for all of them. */
const scanned = { cells: new Uint32Array(2), doubles: new Float64Array(1) };

/** Digits that a double holds exactly, whatever they are. */
const SAFE_DIGITS = 15;

function longOf(spec: ReaderSpec, text: CellText): bigint {
  const { bytes, start, end } = text;
  if (end - start <= SAFE_DIGITS) {
    const isNegative = bytes[start] === 0x2d;
    let value = 0;
    let at = isNegative ? start + 1 : start;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - 0x30; // bounded by the loop
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
    }
    if (at === end && end > start + (isNegative ? 1 : 0)) return BigInt(isNegative ? -value : value);
  }
  const value = parseLong(textOf(text));
  if (value === undefined) throw refused(spec, text);
  return value;
}

function longReaders(spec: ReaderSpec): Readers {
  return {
    boolean: (text, cells, column) => cells.setBoolean(column, longOf(spec, text) > 0n),
    long(text, cells, column) {
      const { bytes, start, end } = text;
      if (scanLong(bytes, start, end, cells.arrays(column), cells.row) === end) return;
      // The server prints whole numbers as Java does; texts of other origin need not be.
      cells.setLong(column, longOf(spec, text), start, end, spec.kind === 'long' ? CELL_CANONICAL : 0);
    },
    double: (text, cells, column) => cells.setDouble(column, Number(longOf(spec, text))),
    string: readText,
  };
}

function doubleOf(spec: ReaderSpec, text: CellText): number {
  const { bytes, start, end } = text;
  const isShort = scanDouble(bytes, start, end, scanned, 0) === end;
  const value = isShort ? scanned.doubles[0] : parseDouble(textOf(text));
  if (value === undefined) throw refused(spec, text);
  return spec.kind === 'float' ? Math.fround(value) : value;
}

/** The number as it counts for whole ones: a decimal loses its fraction, a double is rounded half away from zero. */
function wholeOf(spec: ReaderSpec, text: CellText): bigint {
  if (spec.kind === 'decimal') {
    const value = parseLong(textOf(text).replace(/\.\d*$/, ''));
    if (value === undefined) throw refused(spec, text);
    return value;
  }
  const value = doubleOf(spec, text);
  const rounded = Math.sign(value) * Math.round(Math.abs(value));
  if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) throw refused(spec, text);
  return BigInt(rounded);
}

function numberReaders(spec: ReaderSpec, log: Logger): Readers {
  let isWarned = spec.kind !== 'decimal';
  return {
    boolean: (text, cells, column) => cells.setBoolean(column, doubleOf(spec, text) > 0),
    long: (text, cells, column) => cells.setLong(column, wholeOf(spec, text)),
    double(text, cells, column) {
      const { bytes, start, end } = text;
      if (spec.kind !== 'float' && scanDouble(bytes, start, end, cells.arrays(column), cells.row) === end) return;
      const value = doubleOf(spec, text);
      if (!isWarned && text.end - text.start > DOUBLE_DIGITS && isRounded(textOf(text), value)) {
        isWarned = true;
        log.warn('Decimals are rounded to doubles; `type: string` in `column_options` keeps all digits.', {
          column: spec.name,
          value: textOf(text).slice(0, SHOWN_TEXT_MAX),
        });
      }
      cells.setDouble(column, value);
    },
    string:
      spec.kind === 'decimal'
        ? readText
        : // The shortest digits of a single-precision number are not those of the double that it becomes.
          (text, cells, column) => cells.setString(column, formatDouble(parseDouble(textOf(text)) ?? Number.NaN)),
  };
}

/** Whether the decimal has digits that the double has lost. */
function isRounded(text: string, value: number): boolean {
  const digits = (decimal: string): string =>
    decimal
      .replace(/e.*$/i, '')
      .replace(/[-.]/g, '')
      .replace(/^0+|0+$/g, '');
  return digits(text) !== digits(String(value));
}

function isTrue(text: CellText): boolean {
  return text.bytes[text.start] === 0x74;
}

const booleanReaders: Readers = {
  boolean: (text, cells, column) => cells.setBoolean(column, isTrue(text)),
  long: (text, cells, column) => cells.setLong(column, isTrue(text) ? 1n : 0n),
  double: (text, cells, column) => cells.setDouble(column, isTrue(text) ? 1 : 0),
  string: (text, cells, column) => cells.setString(column, isTrue(text) ? 'true' : 'false'),
};

function stringReaders(spec: ReaderSpec, log: Logger): Readers {
  const { long } = longReaders(spec);
  const { double } = numberReaders(spec, log);
  return {
    string: readText,
    json: jsonReader(spec),
    ...(long === undefined ? {} : { long }),
    ...(double === undefined ? {} : { double }),
  };
}

function jsonReader(spec: ReaderSpec): CellReader {
  const canonical = new ByteSink();
  return (text, cells, column) => {
    canonical.clear();
    const flags = canonicalizeJson(text.bytes, text.start, text.end, canonical);
    if (flags < 0) throw refused(spec, text);
    cells.setBytes(column, canonical.view(), flags);
  };
}

function timeReaders(spec: ReaderSpec): Readers {
  const time = new TimeReader();
  const formatter = spec.type === 'string' ? timestampFormatter(spec.format, spec.timezone) : undefined;
  /** False for an infinite value that is to be null. */
  const read = (text: CellText): boolean => {
    const { bytes, start, end } = text;
    const isRead = spec.kind === 'time' ? time.readTime(bytes, start, end) : time.readMoment(bytes, start, end);
    if (isRead) return true;
    const value = textOf(text);
    if (!/^-?infinity$/.test(value)) throw refused(spec, text);
    if (spec.infiniteDates === 'null') return false;
    const params = { value, column: spec.name };
    throw postgresErrors.error('PG_INFINITE_DATE', params, { where: { field: spec.name } });
  };
  return {
    timestamp(text, cells, column) {
      if (read(text)) cells.setTimestamp(column, time);
      else cells.setNull(column);
    },
    string(text, cells, column) {
      if (read(text)) cells.setString(column, formatter?.format(time.seconds, time.nanos) ?? '');
      else cells.setNull(column);
    },
  };
}
