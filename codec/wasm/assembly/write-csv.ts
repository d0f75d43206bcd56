// From the columns of a batch to CSV. Texts are copied while they are searched for what needs quotes; values are
// printed. The delimiter, the quote and the escape are one byte each, and none of the first two is a line break.
import { BACKSLASHED_MAX, backslashedText } from './backslashes';
import { copyText } from './copy';
import {
  CELL_CANONICAL,
  CELL_LENGTH_MASK,
  COLUMN_CELLS,
  COLUMN_KIND,
  COLUMN_NANOS,
  COLUMN_SIZE,
  COLUMN_VALUES,
  KIND_BOOLEAN,
  KIND_DOUBLE,
  KIND_LONG,
  KIND_STRING,
  KIND_TIMESTAMP,
} from './layout';
import { printDouble, printLong } from './print-numbers';
import { printTime } from './print-time';
import {
  COLUMN,
  COLUMN_TEXT,
  COLUMNS,
  COLUMNS_END,
  DELIMITER,
  ESCAPE,
  KIND_CHECKED,
  KIND_JSON,
  LIMIT,
  LINE_END,
  LINE_END_LENGTH,
  NEWLINE,
  NEWLINE_LENGTH,
  NULL_LENGTH,
  NULL_TEXT,
  OUT,
  POLICY,
  QUOTE,
  ROW,
  ROW_COUNT,
  SCRATCH,
  STOP_DONE,
  STOP_FULL,
  STOP_HOST,
} from './write-layout';

const LF: u32 = 10;
const CR: u32 = 13;
const TRUE_WORD: u64 = 0x65757274;
const FALSE_WORD: u64 = 0x65736c6166;

// Policies.
const ALL: u32 = 1;
const NONE: u32 = 2;
/** As in PostgreSQL's COPY; the delimiter is a tab. */
const BACKSLASHES: u32 = 3;

/** Texts up to this length fit into the slack behind the limit. */
const SHORT_TEXT: u32 = 16;
/** Bytes that one byte becomes at most: two of a line break, an escape before each. */
const ESCAPED_MAX: u32 = 4;

// Of the control block, for the functions below.
let quote: u32 = 0;
let escape: u32 = 0;
let delimiter: u32 = 0;
let newline: u32 = 0;
let newlineLength: usize = 0;

/** The text with `marked` and line breaks escaped; returns the end. Without quotes, breaks are escaped as well. */
function escapeText(from: usize, length: u32, out: usize, marked: u32, breakText: u32, breakLength: usize): usize {
  const marks = i8x16.splat(<i8>marked);
  const feeds = i8x16.splat(<i8>LF);
  const returns = i8x16.splat(<i8>CR);
  const start = from;
  const end = from + length;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(out, bytes);
    let found = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, marks), i8x16.eq(bytes, feeds)), i8x16.eq(bytes, returns)),
    );
    if (found) {
      const rest = <i32>(end - from);
      if (rest < 16) found &= (1 << rest) - 1;
      // What follows the special byte comes from the source again: nothing waits for what has just been stored.
      for (; found; found &= found - 1) {
        const index = <usize>ctz(found);
        const byte: u32 = load<u8>(from + index);
        if (byte == LF && from + index > start && load<u8>(from + index - 1) == CR) {
          // The break was written with its first half.
          out -= 1;
        } else if (byte == LF || byte == CR) {
          store<u32>(out + index, breakText);
          out += breakLength - 1;
        } else {
          store<u16>(out + index, <u16>(escape | (byte << 8)));
          out += 1;
        }
        v128.store(out + index + 1, v128.load(from + index + 1));
      }
    }
    from += 16;
    out += 16;
  }
  return out - (from - end);
}

/** The first `plainLength` bytes, in steps of 16, need no escapes; returns the end. */
function quotedText(from: usize, length: u32, plainLength: u32, out: usize): usize {
  store<u8>(out, <u8>quote);
  copyText(from, plainLength, out + 1);
  const start = out + 1 + plainLength;
  const end = escapeText(from + plainLength, length - plainLength, start, quote, newline, newlineLength);
  store<u8>(end, <u8>quote);
  return end + 1;
}

/** Without quotes; the first `plainLength` bytes stand at `out` already. */
function escapedText(from: usize, length: u32, plainLength: u32, out: usize): usize {
  // At most two bytes, with an escape before each.
  const breakText = escape | ((newline & 0xff) << 8) | (escape << 16) | ((newline >> 8) << 24);
  const breakLength = newlineLength << 1;
  return escapeText(from + plainLength, length - plainLength, out + plainLength, delimiter, breakText, breakLength);
}

/** Returns the end, or 0 for the host. */
function printNumber(column: usize, row: usize, kind: u32, out: usize): usize {
  const place = <usize>load<u32>(column, COLUMN_VALUES) + (row << 3);
  return kind == KIND_LONG ? printLong(load<i64>(place), out) : printDouble(load<f64>(place), out);
}

// @ts-ignore: decorator
@inline
function printBoolean(column: usize, row: usize, out: usize): usize {
  const isTrue = load<u8>(<usize>load<u32>(column, COLUMN_VALUES) + row) == 1;
  store<u64>(out, isTrue ? TRUE_WORD : FALSE_WORD);
  return out + (isTrue ? 4 : 5);
}

/** A value of any kind, where it can be looked at; returns the end, or 0 for the host. */
function printChecked(column: usize, row: usize, kind: u32, out: usize): usize {
  if (kind == KIND_LONG || kind == KIND_DOUBLE) return printNumber(column, row, kind, out);
  if (kind == KIND_BOOLEAN) return printBoolean(column, row, out);
  const micros = load<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3));
  return printTime(column, micros, load<u16>(<usize>load<u32>(column, COLUMN_NANOS) + (row << 1)), out);
}

function isSame(left: usize, right: usize, length: u32): bool {
  for (let index: u32 = 0; index < length; index++) {
    if (load<u8>(left + index) != load<u8>(right + index)) return false;
  }
  return true;
}

/** Writes rows from (ROW, COLUMN) on, until one of the reasons to stop, which is the answer. */
export function writeCsv(control: usize): u32 {
  delimiter = load<u32>(control, DELIMITER);
  quote = load<u32>(control, QUOTE);
  escape = load<u32>(control, ESCAPE);
  newline = load<u32>(control, NEWLINE);
  newlineLength = load<u32>(control, NEWLINE_LENGTH);
  const separator = <u8>delimiter;
  const policy = load<u32>(control, POLICY);
  const nullText: usize = load<u32>(control, NULL_TEXT);
  const nullLength = load<u32>(control, NULL_LENGTH);
  const scratch = control + SCRATCH;
  const columns: usize = load<u32>(control, COLUMNS);
  const columnsEnd: usize = load<u32>(control, COLUMNS_END);
  const rowCount: usize = load<u32>(control, ROW_COUNT);
  const limit: usize = load<u32>(control, LIMIT);
  const lineEnd = v128.load(control, LINE_END);
  const lineEndLength: usize = load<u32>(control, LINE_END_LENGTH);
  const delimiters = i8x16.splat(<i8>delimiter);
  const quotes = i8x16.splat(<i8>quote);
  const feeds = i8x16.splat(<i8>LF);
  const returns = i8x16.splat(<i8>CR);
  let row: usize = load<u32>(control, ROW);
  let column: usize = load<u32>(control, COLUMN);
  let out: usize = load<u32>(control, OUT);
  let reason = STOP_DONE;
  while (row < rowCount) {
    for (; column < columnsEnd; column += COLUMN_SIZE) {
      const kind = load<u32>(column, COLUMN_KIND);
      const cell = <usize>load<u32>(column, COLUMN_CELLS) + (row << 3);
      const word = load<u32>(cell, 4);
      if (out > limit) {
        reason = STOP_FULL;
        break;
      }
      store<u8>(out, separator);
      const value = out + (column != columns ? 1 : 0);
      if (<i32>word < 0) {
        out = copyText(nullText, nullLength, value);
        continue;
      }
      let length = word & CELL_LENGTH_MASK;
      let text = <usize>load<u32>(column, COLUMN_TEXT) + load<u32>(cell);
      if (kind != KIND_STRING) {
        if (kind == KIND_LONG || kind == KIND_DOUBLE) {
          if (word & CELL_CANONICAL) {
            v128.store(value, v128.load(text));
            if (length > 16) {
              v128.store(value, v128.load(text, 16), 16);
              // No number is as long.
              if (length > 32) {
                reason = STOP_HOST;
                break;
              }
            }
            out = value + length;
            continue;
          }
          const end = printNumber(column, row, kind, value);
          if (!end) {
            reason = STOP_HOST;
            break;
          }
          out = end;
          continue;
        } else if (kind == KIND_TIMESTAMP) {
          const micros = load<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3));
          const end = printTime(column, micros, load<u16>(<usize>load<u32>(column, COLUMN_NANOS) + (row << 1)), value);
          if (!end) {
            reason = STOP_HOST;
            break;
          }
          out = end;
          continue;
        } else if (kind == KIND_BOOLEAN) {
          out = printBoolean(column, row, value);
          continue;
        } else if (kind & KIND_CHECKED) {
          const isNumber = kind == (KIND_CHECKED | KIND_LONG) || kind == (KIND_CHECKED | KIND_DOUBLE);
          if (!isNumber || !(word & CELL_CANONICAL)) {
            const end = printChecked(column, row, kind & ~KIND_CHECKED, scratch);
            if (!end) {
              reason = STOP_HOST;
              break;
            }
            text = scratch;
            length = <u32>(end - scratch);
          }
        } else if (kind != KIND_JSON) {
          reason = STOP_HOST;
          break;
        }
      }

      if (policy == BACKSLASHES) {
        if (out + length * BACKSLASHED_MAX > limit) {
          reason = STOP_FULL;
          break;
        }
        const end = backslashedText(text, length, value);
        if (!end) {
          reason = STOP_HOST;
          break;
        }
        out = end;
        continue;
      }
      if (length > SHORT_TEXT && out + length > limit) {
        reason = STOP_FULL;
        break;
      }
      let isSpecial = false;
      // Where the first special byte is at the earliest.
      let plainLength: u32 = 0;
      if (policy != ALL) {
        do {
          const bytes = v128.load(text + plainLength);
          v128.store(value + plainLength, bytes);
          const found = i8x16.bitmask(
            v128.or(
              v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, quotes)),
              v128.or(i8x16.eq(bytes, feeds), i8x16.eq(bytes, returns)),
            ),
          );
          if (found) {
            isSpecial = plainLength + <u32>ctz(found) < length;
            break;
          }
          plainLength += 16;
        } while (plainLength < length);
        if (!isSpecial && (policy == NONE || length != nullLength || !isSame(text, nullText, length))) {
          // The chunk with a special byte behind the text was the last one.
          out = value + length;
          continue;
        }
        if (!isSpecial) plainLength = 0;
      }
      if (out + length * ESCAPED_MAX > limit) {
        reason = STOP_FULL;
        break;
      }
      out =
        policy == NONE
          ? escapedText(text, length, plainLength, value)
          : quotedText(text, length, plainLength, value);
    }
    if (reason != STOP_DONE) break;
    v128.store(out, lineEnd);
    out += lineEndLength;
    row += 1;
    column = columns;
  }
  store<u32>(control, <u32>row, ROW);
  store<u32>(control, <u32>column, COLUMN);
  store<u32>(control, <u32>out, OUT);
  return reason;
}
