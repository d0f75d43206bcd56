/** The bytes of single values in rows of the binary protocol. */
import { formatDouble } from '#codec/number/double.ts';
import { momentText, timeText } from './moment.ts';
import type { SourceType } from './source-types.ts';

/** A length in front of a value, in one to nine bytes. Reads into its own fields: no object per value. */
export class LengthReader {
  start = 0;
  end = 0;

  read(bytes: Uint8Array, at: number): void {
    const first = bytes[at] as number; // within the row, as everything below
    let length = first;
    let start = at + 1;
    if (first > 0xfa) {
      const size = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
      length = 0;
      for (let index = size - 1; index >= 0; index--) length = length * 256 + (bytes[start + index] as number);
      start += size;
    }
    this.start = start;
    this.end = start + length;
  }
}

const lengths = new LengthReader();

/** Bytes of values that have the same size always. */
const sizes: Readonly<Partial<Record<SourceType['wire'], number>>> = {
  null: 0,
  int8: 1,
  int16: 2,
  int32: 4,
  float: 4,
  int64: 8,
  double: 8,
};

/** Where the value at `at` ends. */
export function valueEnd(type: SourceType, bytes: Uint8Array, at: number): number {
  const size = sizes[type.wire];
  if (size !== undefined) return at + size;
  if (type.wire === 'moment' || type.wire === 'time') return at + 1 + (bytes[at] as number); // within the row
  lengths.read(bytes, at);
  return lengths.end;
}

/** The value as the server would print it, but for bytes that are no text: they are in hexadecimal. */
export function valueText(type: SourceType, bytes: Buffer, at: number): string {
  const { wire, isUnsigned, fraction } = type;
  switch (wire) {
    case 'null':
      return '';
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return String(wholeNumber(wire, isUnsigned, bytes, at));
    case 'float':
      return formatDouble(shortestFloat(bytes.readFloatLE(at)));
    case 'double':
      return formatDouble(bytes.readDoubleLE(at));
    case 'moment':
      return momentText(bytes, at, fraction, type.kind === 'date');
    case 'time':
      return timeText(bytes, at, fraction);
    case 'text':
    case 'bytes':
    case 'bits':
      lengths.read(bytes, at);
      if (wire === 'text') return bytes.toString('utf8', lengths.start, lengths.end);
      return wire === 'bits'
        ? String(bitsOf(bytes, lengths.start, lengths.end))
        : bytes.toString('hex', lengths.start, lengths.end);
  }
}

function wholeNumber(
  wire: 'int8' | 'int16' | 'int32' | 'int64',
  isUnsigned: boolean,
  bytes: Buffer,
  at: number,
): number | bigint {
  if (wire === 'int64') return isUnsigned ? bytes.readBigUInt64LE(at) : bytes.readBigInt64LE(at);
  const size = wire === 'int8' ? 1 : wire === 'int16' ? 2 : 4;
  return isUnsigned ? bytes.readUIntLE(at, size) : bytes.readIntLE(at, size);
}

/** The number of a BIT value: the most significant byte comes first. */
export function bitsOf(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let at = start; at < end; at++) value = (value << 8n) | BigInt(bytes[at] as number); // within the row
  return value;
}

/** Digits that tell all single-precision numbers apart. */
const FLOAT_DIGITS_MAX = 9;

/** The double with the fewest digits that rounds to this single-precision number. */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < FLOAT_DIGITS_MAX; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(FLOAT_DIGITS_MAX));
}
