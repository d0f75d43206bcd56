/** From cells to the spelling of a dialect: one function per column, made when its types are known. */
import {
  cellFlags,
  CELL_CANONICAL,
  CELL_SURROGATE,
  isNull,
  stringAt,
  textLength,
  textStart,
  timestampAt,
} from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Column } from '#spi/schema.ts';
import { formatDouble } from '#codec/number/double.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import { TimeWriter } from '#connectors/sql/time-writer.ts';
import { roundDecimal } from './decimal.ts';
import { writeEscaped } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { integerRange, lengthLimit } from './limits.ts';
import type { Range } from './limits.ts';
import type { TargetColumn } from './target-columns.ts';

/** Appends the value of a cell that is not null. */
export type CellWriter = (sink: ByteSink, vector: Vector, row: number) => void;

/** A value that cannot be written; the writer of rows knows where it stood. */
export class CellFault extends Error {
  readonly code: 'MYSQL_NULL' | 'MYSQL_RANGE' | 'MYSQL_NOT_A_NUMBER' | 'MYSQL_TOO_LONG' | 'MYSQL_TEXT' | 'MYSQL_BYTES';
  readonly value: string;

  constructor(code: CellFault['code'], value: string) {
    super(code);
    this.code = code;
    this.value = value.slice(0, SHOWN_TEXT_MAX);
  }
}

const SHOWN_TEXT_MAX = 100;
/** The last year of dates. */
const YEAR_MAX = 9999;

export function cellWriter(column: Column, target: TargetColumn, dialect: Dialect): CellWriter {
  if (target.kind === 'null') return (sink) => sink.writeAscii(dialect.nullText);
  switch (column.type) {
    case 'boolean':
      return booleanWriter(target, dialect);
    case 'long':
      return longWriter(target, dialect);
    case 'double':
      return doubleWriter(target, dialect);
    case 'timestamp':
      return timeWriter(target, dialect);
    case 'string':
    case 'json':
      return textWriter(target, dialect);
  }
}

/** Around numbers that go into columns of something else. */
function numberQuote({ kind }: TargetColumn, dialect: Dialect): string {
  return kind === 'text' || kind === 'other' ? dialect.quote : '';
}

function booleanWriter({ kind }: TargetColumn, { quote }: Dialect): CellWriter {
  const [no, yes] = kind === 'text' ? [`${quote}false${quote}`, `${quote}true${quote}`] : ['0', '1'];
  return (sink, vector, row) => {
    sink.writeAscii(vector.type === 'boolean' && vector.values[row] === 1 ? yes : no);
  };
}

function longWriter(target: TargetColumn, dialect: Dialect): CellWriter {
  const { kind } = target;
  const range = integerRange(target);
  const quote = numberQuote(target, dialect);
  const isNarrow = range !== undefined && (range.min > -(2n ** 63n) || range.max < 2n ** 63n - 1n);
  return (sink, vector, row) => {
    if (vector.type !== 'long') return;
    if (kind === 'boolean') {
      sink.writeByte((vector.values[row] as bigint) > 0n ? 0x31 : 0x30); // rows are within the batch, as below
      return;
    }
    if (isNarrow) {
      const value = vector.values[row] as bigint;
      const text = wholeText(value, range);
      if (text === undefined) throw new CellFault('MYSQL_RANGE', String(value));
      sink.writeAscii(text);
      return;
    }
    sink.writeAscii(quote);
    if (!copyCanonical(sink, vector, row)) sink.writeAscii(String(vector.values[row]));
    sink.writeAscii(quote);
  };
}

function copyCanonical(sink: ByteSink, vector: Vector, row: number): boolean {
  if ((cellFlags(vector, row) & CELL_CANONICAL) === 0) return false;
  const start = textStart(vector, row);
  sink.writeBytes(vector.arena, start, start + textLength(vector, row));
  return true;
}

function doubleWriter(target: TargetColumn, dialect: Dialect): CellWriter {
  const { kind, scale } = target;
  const range = integerRange(target);
  const quote = numberQuote(target, dialect);
  return (sink, vector, row) => {
    if (vector.type !== 'double') return;
    const value = vector.values[row] as number; // rows are within the batch
    if (kind === 'boolean') sink.writeByte(value > 0 ? 0x31 : 0x30);
    else if (kind === 'text' || kind === 'other') sink.writeAscii(`${quote}${formatDouble(value)}${quote}`);
    else if (!Number.isFinite(value)) throw new CellFault('MYSQL_NOT_A_NUMBER', formatDouble(value));
    else if (range !== undefined) sink.writeAscii(roundedText(value, range));
    else if (kind === 'decimal') sink.writeAscii(decimalText(formatDouble(value), scale));
    else if (!copyCanonical(sink, vector, row)) sink.writeAscii(formatDouble(value));
  };
}

/** Undefined when it is out of the range. */
function wholeText(value: bigint, { min, max, zero }: Range): string | undefined {
  if (value === 0n && zero !== undefined) return zero;
  return value < min || value > max ? undefined : String(value);
}

/** Half away from zero, as Embulk does. */
function roundedText(value: number, range: Range): string {
  const text = wholeText(BigInt(Math.sign(value) * Math.round(Math.abs(value))), range);
  if (text === undefined) throw new CellFault('MYSQL_RANGE', formatDouble(value));
  return text;
}

function decimalText(text: string, scale: number): string {
  const decimal = roundDecimal(text, scale);
  if (decimal === undefined) throw new CellFault('MYSQL_NOT_A_NUMBER', text);
  return decimal;
}

function textWriter(target: TargetColumn, dialect: Dialect): CellWriter {
  const { kind, scale } = target;
  if (kind === 'binary') return binaryWriter(target, dialect);
  const range = integerRange(target);
  if (range !== undefined) {
    return (sink, vector, row) => {
      const text = stringAt(vector, row);
      if (!/^[-+]?\d+$/.test(text)) throw new CellFault('MYSQL_NOT_A_NUMBER', text);
      const whole = wholeText(BigInt(text.replace(/^\+/, '')), range);
      if (whole === undefined) throw new CellFault('MYSQL_RANGE', text);
      sink.writeAscii(whole);
    };
  }
  if (kind === 'decimal') {
    return (sink, vector, row) => sink.writeAscii(decimalText(stringAt(vector, row), scale));
  }
  const limit = lengthLimit(target);
  return (sink, vector, row) => {
    const start = textStart(vector, row);
    const end = start + textLength(vector, row);
    if ((cellFlags(vector, row) & CELL_SURROGATE) !== 0) throw new CellFault('MYSQL_TEXT', stringAt(vector, row));
    if (end - start > limit.bytesFree && limit.isExceeded(vector.arena, start, end)) {
      throw new CellFault('MYSQL_TOO_LONG', stringAt(vector, row));
    }
    sink.writeAscii(dialect.quote);
    writeEscaped(sink, dialect, vector.arena, start, end);
    sink.writeAscii(dialect.quote);
  };
}

function binaryWriter(target: TargetColumn, dialect: Dialect): CellWriter {
  const { lengthMax, binaryFormat } = target;
  return (sink, vector, row) => {
    const start = textStart(vector, row);
    const text = Buffer.from(vector.arena.buffer, vector.arena.byteOffset + start, textLength(vector, row));
    const bytes = binaryFormat === 'text' ? text : decoded(text.toString('latin1'), binaryFormat);
    if (bytes.length > lengthMax) throw new CellFault('MYSQL_TOO_LONG', text.toString('utf8'));
    sink.writeAscii(`${dialect.hexMark}${bytes.toString('hex')}${dialect.quote}`);
  };
}

function decoded(text: string, format: 'hex' | 'base64'): Buffer {
  const isWhole =
    format === 'hex' ? /^(?:[0-9a-f]{2})*$/i.test(text) : text.length % 4 === 0 && /^[a-z0-9+/]*={0,2}$/i.test(text);
  if (!isWhole) throw new CellFault('MYSQL_BYTES', text);
  return Buffer.from(text, format);
}

function timeWriter(target: TargetColumn, dialect: Dialect): CellWriter {
  const { kind, format, timezone, scale } = target;
  if (kind === 'text') return formattedTimeWriter(target, dialect);
  const zone = zoneOfName(timezone);
  const isInstant = kind === 'timestamp' || kind === 'other';
  const offsetAt = isInstant || zone === undefined ? undefined : (seconds: number) => zone.offsetAt(seconds);
  const writer = new TimeWriter(kind === 'other' ? 6 : scale, offsetAt);
  return (sink, vector, row) => {
    if (vector.type !== 'timestamp') return;
    const year = writer.read(vector, row);
    if (year < 0 || year > YEAR_MAX) {
      const { seconds, nanos } = timestampAt(vector, row);
      throw new CellFault('MYSQL_RANGE', timestampFormatter(format, timezone).format(seconds, nanos));
    }
    sink.writeAscii(dialect.quote);
    if (kind === 'date') writer.writeDate(sink);
    else if (kind === 'time') writer.writeTime(sink);
    else writer.writeMoment(sink);
    sink.writeAscii(dialect.quote);
  };
}

function formattedTimeWriter(target: TargetColumn, dialect: Dialect): CellWriter {
  const formatter = timestampFormatter(target.format, target.timezone);
  const limit = lengthLimit(target);
  const scratch = new ByteSink(64);
  return (sink, vector, row) => {
    if (vector.type !== 'timestamp' || isNull(vector, row)) return;
    const { seconds, nanos } = timestampAt(vector, row);
    scratch.clear();
    formatter.write(scratch, seconds, nanos);
    if (scratch.length > limit.bytesFree && limit.isExceeded(scratch.bytes, 0, scratch.length)) {
      throw new CellFault('MYSQL_TOO_LONG', formatter.format(seconds, nanos));
    }
    sink.writeAscii(dialect.quote);
    writeEscaped(sink, dialect, scratch.bytes, 0, scratch.length);
    sink.writeAscii(dialect.quote);
  };
}
