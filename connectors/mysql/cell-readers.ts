/**
 * From the bytes of values to cells of a batch: one function per column, made when its types are known. The common
 * conversions work on bytes; the others go by the value's text (`text-cells.ts`).
 */
import { CELL_NULL } from '#spi/batch.ts';
import type { Logger } from '#spi/context.ts';
import { canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { scanDouble } from '#codec/number/double.ts';
import { setLong } from '#codec/number/long.ts';
import { MomentReader } from './moment.ts';
import { checkSize, checkZero, refused, setMoment, wordsOf, zoneOf } from './reader-spec.ts';
import type { CellTarget, ReaderSpec } from './reader-spec.ts';
import type { SourceKind, SourceType } from './source-types.ts';
import { textCell } from './text-cells.ts';
import { bitsOf, LengthReader, valueEnd, valueText } from './wire.ts';

/** Reads the value at `at` into the row of the batch; returns where it ends. */
export type CellReader = (bytes: Buffer, at: number, row: number) => number;

/** A reader, and where the texts of its cells are. */
export interface ColumnReader {
  readonly read: CellReader;
  /** In the bytes of the rows as they came, or among those that were made. */
  readonly texts: 'received' | 'made';
}

/** Makes the reader of a column. Throws a config error when its kind cannot become its type. */
export function columnReader(spec: ReaderSpec, target: CellTarget, log: Logger): ColumnReader {
  const { source, kind, type } = spec;
  const reader =
    source.wire === 'text' ? ofText(spec, target, log) : kind === source.kind ? ofBinary(spec, target) : undefined;
  if (reader !== undefined) return { read: reader, texts: type === 'json' ? 'made' : 'received' };
  return { read: slowReader(spec, target, log), texts: 'made' };
}

/** Readers of values that come as texts. */
function ofText(spec: ReaderSpec, target: CellTarget, log: Logger): CellReader | undefined {
  const { source, kind, type } = spec;
  if (type === 'string' && isText(kind)) return stringReader(spec, target);
  if (type === 'json' && (kind === 'json' || kind === 'string')) return jsonReader(spec, target);
  const isDecimal = kind === 'decimal' && source.kind === 'decimal';
  return isDecimal && type === 'double' ? decimalReader(spec, target, log) : undefined;
}

/** Readers of other values that are read as what they are. */
function ofBinary(spec: ReaderSpec, target: CellTarget): CellReader | undefined {
  const { source, kind, type } = spec;
  if (kind === 'long' && type === 'long') return longReader(spec, target);
  if (kind === 'boolean' && type === 'boolean' && source.wire === 'int8') return booleanReader(target);
  if (source.wire === 'moment' && type === 'timestamp') return momentReader(spec, target);
  return (kind === 'double' || kind === 'float') && type === 'double' ? doubleReader(spec, target) : undefined;
}

/** Texts that are strings as they are. */
function isText(kind: SourceKind): boolean {
  return kind === 'string' || kind === 'json' || kind === 'decimal';
}

/** Which word of a 64-bit number is the low one: the machine's byte order decides. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

function longReader(spec: ReaderSpec, target: CellTarget): CellReader {
  const { source } = spec;
  const { cells } = target.vector;
  const halves = wordsOf(target);
  switch (source.wire) {
    case 'int8':
    case 'int16':
    case 'int32':
      return smallLongReader(source, cells, halves);
    case 'bits':
      return bitsReader(spec, cells, halves);
    default:
      return (bytes, at, row) => {
        const high = word(bytes, at + 4);
        if (source.isUnsigned && high < 0) throw refused(spec, String(bytes.readBigUInt64LE(at)));
        halves[row * 2 + LOW] = word(bytes, at);
        halves[row * 2 + 1 - LOW] = high;
        cells[row * 2 + 1] = 0;
        return at + 8;
      };
  }
}

function smallLongReader({ wire, isUnsigned }: SourceType, cells: Uint32Array, halves: Uint32Array): CellReader {
  const size = wire === 'int8' ? 1 : wire === 'int16' ? 2 : 4;
  const shift = 32 - size * 8;
  return (bytes, at, row) => {
    let value = bytes[at] as number; // within the row, as below
    if (size > 1) value |= (bytes[at + 1] as number) << 8;
    if (size > 2) value |= ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    if (!isUnsigned) value = (value << shift) >> shift;
    halves[row * 2 + LOW] = value;
    halves[row * 2 + 1 - LOW] = isUnsigned ? 0 : value >> 31;
    cells[row * 2 + 1] = 0;
    return at + size;
  };
}

/** Any number but zero is true. */
function booleanReader({ vector }: CellTarget): CellReader {
  const { cells } = vector;
  const values = vector.type === 'boolean' ? vector.values : new Uint8Array(0);
  return (bytes, at, row) => {
    values[row] = bytes[at] === 0 ? 0 : 1;
    cells[row * 2 + 1] = 0;
    return at + 1;
  };
}

function bitsReader(spec: ReaderSpec, cells: Uint32Array, halves: Uint32Array): CellReader {
  const length = new LengthReader();
  return (bytes, at, row) => {
    length.read(bytes, at);
    const value = bitsOf(bytes, length.start, length.end);
    if (value >= 2n ** 63n) throw refused(spec, String(value));
    setLong(halves, row, value);
    cells[row * 2 + 1] = 0;
    return length.end;
  };
}

function word(bytes: Uint8Array, at: number): number {
  // Within the row.
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function doubleReader({ source }: ReaderSpec, { vector }: CellTarget): CellReader {
  const { cells } = vector;
  const values = vector.type === 'double' ? vector.values : new Float64Array(0);
  if (source.wire === 'float') {
    return (bytes, at, row) => {
      values[row] = bytes.readFloatLE(at);
      cells[row * 2 + 1] = 0;
      return at + 4;
    };
  }
  // Copied by words: reading a double checks and converts what is there as it is.
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  return (bytes, at, row) => {
    words[row * 2 + LOW] = word(bytes, at);
    words[row * 2 + 1 - LOW] = word(bytes, at + 4);
    cells[row * 2 + 1] = 0;
    return at + 8;
  };
}

function stringReader(spec: ReaderSpec, { vector, shift }: CellTarget): CellReader {
  const { cells } = vector;
  const length = new LengthReader();
  return (bytes, at, row) => {
    const first = bytes[at] as number; // within the row
    if (first <= 0xfa) {
      cells[row * 2] = at + 1 + shift.value;
      cells[row * 2 + 1] = first;
      return at + 1 + first;
    }
    length.read(bytes, at);
    const size = length.end - length.start;
    checkSize(spec, size);
    cells[row * 2] = length.start + shift.value;
    cells[row * 2 + 1] = size;
    return length.end;
  };
}

function jsonReader(spec: ReaderSpec, { vector, made: sink }: CellTarget): CellReader {
  const { cells } = vector;
  const length = new LengthReader();
  return (bytes, at, row) => {
    length.read(bytes, at);
    checkSize(spec, length.end - length.start);
    const start = sink.length;
    const flags = canonicalizeWholeJson(bytes, length.start, length.end, sink);
    if (flags < 0) throw refused(spec, bytes.toString('utf8', length.start, length.end));
    cells[row * 2] = start;
    cells[row * 2 + 1] = (sink.length - start) | flags;
    return length.end;
  };
}

/** Decimal digits that every double tells apart, a point, and a sign. */
const DOUBLE_TEXT_MAX = 17;

function decimalReader(spec: ReaderSpec, target: CellTarget, log: Logger): CellReader {
  const { vector, shift } = target;
  const { cells } = vector;
  const doubles = vector.type === 'double' ? vector.values : new Float64Array(0);
  const out = { cells, doubles };
  const length = new LengthReader();
  let isWarned = false;
  return (bytes, at, row) => {
    length.read(bytes, at);
    const { start, end } = length;
    if (end - start <= DOUBLE_TEXT_MAX && scanDouble(bytes, start, end, out, row) === end) {
      cells[row * 2] = start + shift.value;
      return end;
    }
    const text = bytes.toString('latin1', start, end);
    const value = Number(text);
    if (!isWarned && significant(text) !== significant(String(value))) {
      isWarned = true;
      log.warn('Decimals are rounded to doubles; `type: string` in `column_options` keeps all digits.', {
        column: spec.name,
        value: text,
      });
    }
    doubles[row] = value;
    cells[row * 2 + 1] = 0;
    return end;
  };
}

function significant(decimal: string): string {
  return decimal
    .replace(/e.*$/i, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '');
}

function momentReader(spec: ReaderSpec, target: CellTarget): CellReader {
  const { vector } = target;
  const { cells } = vector;
  const halves = wordsOf(target);
  const nanos = vector.type === 'timestamp' ? vector.nanos : new Uint16Array(0);
  const zone = zoneOf(spec);
  const moment = new MomentReader();
  return (bytes, at, row) => {
    moment.readMoment(bytes, at);
    if (moment.isZero) {
      checkZero(spec, valueText(spec.source, bytes, at));
      cells[row * 2 + 1] = CELL_NULL;
      return moment.end;
    }
    const seconds = zone === undefined ? moment.seconds : moment.seconds - zone.offsetAtLocal(moment.seconds);
    setMoment(halves, row, seconds, moment.micros);
    nanos[row] = 0;
    cells[row * 2 + 1] = 0;
    return moment.end;
  };
}

function slowReader(spec: ReaderSpec, target: CellTarget, log: Logger): CellReader {
  const { source } = spec;
  const write = textCell(spec, target, log);
  return (bytes, at, row) => {
    write(bytes, at, row);
    return valueEnd(source, bytes, at);
  };
}
