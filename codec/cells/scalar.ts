/** Single values between JSON and columns: what a value inside a json cell is as a value of a column, and back. */
import { CELL_SURROGATE, cellFlags, stringAt, textLength, textStart } from '#spi/batch.ts';
import type { Timestamp, Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import type { VectorBuilder } from '#spi/vector-builder.ts';
import { writeWtf8 } from '#spi/wtf8.ts';
import { formatDouble } from '#codec/number/double.ts';

/** A value that is a json array or object, as its canonical text. */
export interface JsonText {
  readonly json: string;
}

export type Scalar = boolean | bigint | number | string | Timestamp | JsonText;

export function isJsonText(value: Scalar): value is JsonText {
  return typeof value === 'object' && 'json' in value;
}

export function isTimestamp(value: Scalar): value is Timestamp {
  return typeof value === 'object' && 'nanos' in value;
}

/** The canonical JSON value `bytes[start, end)`; null is undefined. */
export function scalarOfJson(bytes: Uint8Array, start: number, end: number): Scalar | undefined {
  const text = jsonTextOf(bytes, start, end);
  switch (bytes[start]) {
    case 0x6e:
      return undefined;
    case 0x74:
      return true;
    case 0x66:
      return false;
    case 0x22:
      return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
    case 0x7b:
    case 0x5b:
      return { json: text };
    default:
      return /[.eE]/.test(text) ? Number(text) : BigInt(text);
  }
}

/** The text of a range of canonical JSON, lone surrogates included. */
function jsonTextOf(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  // What is no UTF-8 is WTF-8; that is rare, and costs a vector of one cell.
  if (!text.includes('\ufffd')) return text;
  const cells = Uint32Array.of(start, (end - start) | CELL_SURROGATE);
  return stringAt({ type: 'json', cells, arena: bytes }, 0);
}

/** The value as JSON; false when JSON has none such: a timestamp, a number that is not finite. */
export function writeScalarJson(sink: ByteSink, value: Scalar): boolean {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return false;
    sink.writeAscii(formatDouble(value));
  } else if (typeof value === 'string') {
    // Only lone surrogates are escaped where canonical JSON does not escape them.
    if (value.isWellFormed()) sink.writeString(JSON.stringify(value));
    else
      writeWtf8(
        sink,
        `"${JSON.stringify(value)
          .slice(1, -1)
          .replace(/\\ud[89a-f]../g, loneSurrogate)}"`,
      );
  } else if (typeof value !== 'object') {
    sink.writeAscii(String(value));
  } else if (isJsonText(value)) {
    writeWtf8(sink, value.json);
  } else {
    return false;
  }
  return true;
}

function loneSurrogate(escape: string): string {
  return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
}

/** Sets a cell of the value's own type. */
export function setScalar(builder: VectorBuilder, row: number, value: Scalar): void {
  if (typeof value === 'boolean') builder.setBoolean(row, value);
  else if (typeof value === 'bigint') builder.setLong(row, value);
  else if (typeof value === 'number') builder.setDouble(row, value);
  else if (typeof value === 'string') builder.setString(row, value);
  else if (isJsonText(value)) builder.setString(row, value.json);
  else builder.setTimestamp(row, value);
}

/** Copies a string or json cell, by default that of the same row. */
export function copyText(builder: VectorBuilder, row: number, vector: Vector, from: number = row): void {
  const begin = builder.arena.length;
  const start = textStart(vector, from);
  builder.arena.writeBytes(vector.arena, start, start + textLength(vector, from));
  builder.setText(row, begin, cellFlags(vector, from) & CELL_SURROGATE);
}

const SHOWN_MAX = 200;

/** A text for messages: in quotes, and not too long. */
export function shownText(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
}
