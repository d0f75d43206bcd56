/** What a value inside JSON is as a cell of an expanded column. */
import { longOfDouble, parseJsonText } from '#codec/cells/cast.ts';
import { isJsonText, scalarOfJson } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { formatDouble, parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import type { ColumnType } from '#spi/schema.ts';

/** The text of the JSON value `bytes[start, end)`; undefined for null. All types are read from it. */
export function expandedText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const value = scalarOfJson(bytes, start, end);
  switch (typeof value) {
    case 'undefined':
    case 'string':
      return value;
    case 'number':
      return formatDouble(value);
    case 'object':
      return isJsonText(value) ? value.json : undefined;
    default:
      return String(value);
  }
}

/** Undefined when the text is no such value. */
export function readExpanded(text: string, type: ColumnType, parser: TimestampParser): Scalar | undefined {
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return text.toLowerCase() === 'true';
    case 'long':
      return parseLong(text) ?? wholePart(text);
    case 'double':
      return parseDouble(text);
    case 'timestamp':
      return parser.parse(text);
    case 'json':
      return parseJsonText(text);
  }
}

function wholePart(text: string): bigint | undefined {
  const value = parseDouble(text);
  return value === undefined ? undefined : longOfDouble(value);
}
