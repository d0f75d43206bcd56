// From the columns of a batch to CSV. Texts are copied while they are searched for what needs quotes; values are
// printed. The delimiter, the quote and the escape are one byte each, and none of the first two is a line break.
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
  COLUMN_IS_CHECKED,
  COLUMN_TEXT,
  COLUMNS,
  COLUMNS_END,
  DELIMITER,
  ESCAPE,
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
const MINIMAL: u32 = 0;
const NONE: u32 = 2;

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
  const end = from + length;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(out, bytes);
    const found = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, marks), i8x16.eq(bytes, feeds)), i8x16.eq(bytes, returns)),
    );
    const count = found ? <usize>ctz(found) : 16;
    from += count;
    out += count;
    if (!found || from >= end) continue;
    const byte: u32 = load<u8>(from++);
    if (byte == LF || byte == CR) {
      store<u32>(out, breakText);
      out += breakLength;
      if (byte == CR && from < end && load<u8>(from) == LF) from += 1;
    } else {
      store<u16>(out, <u16>(escape | (byte << 8)));
      out += 2;
    }
  }
  return out - (from - end);
}

function quotedText(from: usize, length: u32, out: usize): usize {
  store<u8>(out, <u8>quote);
  const end = escapeText(from, length, out + 1, quote, newline, newlineLength);
  store<u8>(end, <u8>quote);
  return end + 1;
}

function escapedText(from: usize, length: u32, out: usize): usize {
  // At most two bytes, with an escape before each.
  const breakText = escape | ((newline & 0xff) << 8) | (escape << 16) | ((newline >> 8) << 24);
  return escapeText(from, length, out, delimiter, breakText, newlineLength << 1);
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
      const isNull = <i32>word < 0;
      // Of a null the length means nothing.
      let length = word & (CELL_LENGTH_MASK & ~(<i32>word >> 31));
      if (out + length > limit) {
        reason = STOP_FULL;
        break;
      }
      store<u8>(out, separator);
      const value = out + (column != columns ? 1 : 0);
      if (isNull) {
        out = copyText(nullText, nullLength, value);
        continue;
      }
      let text = <usize>load<u32>(column, COLUMN_TEXT) + load<u32>(cell);
      if (kind != KIND_STRING && kind != KIND_JSON) {
        const isChecked = load<u32>(column, COLUMN_IS_CHECKED) != 0;
        // What may need quotes is printed elsewhere, and is a text from there on.
        const target = isChecked ? scratch : value;
        let end: usize = 0;
        if (kind == KIND_LONG || kind == KIND_DOUBLE) {
          const isLong = kind == KIND_LONG;
          const place = <usize>load<u32>(column, COLUMN_VALUES) + (row << 3);
          if (word & CELL_CANONICAL) {
            if (!isChecked) end = copyText(text, length, target);
          } else if (isLong) {
            end = printLong(load<i64>(place), target);
          } else {
            end = printDouble(load<f64>(place), target);
            if (!end) reason = STOP_HOST;
          }
        } else if (kind == KIND_TIMESTAMP) {
          const micros = load<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3));
          end = printTime(column, micros, load<u16>(<usize>load<u32>(column, COLUMN_NANOS) + (row << 1)), target);
          if (!end) reason = STOP_HOST;
        } else if (kind == KIND_BOOLEAN) {
          const isTrue = load<u8>(<usize>load<u32>(column, COLUMN_VALUES) + row) == 1;
          store<u64>(target, isTrue ? TRUE_WORD : FALSE_WORD);
          end = target + (isTrue ? 4 : 5);
        } else {
          reason = STOP_HOST;
        }
        if (reason != STOP_DONE) break;
        if (!isChecked) {
          out = end;
          continue;
        }
        if (end) {
          text = scratch;
          length = <u32>(end - scratch);
        }
      }

      let isSpecial = false;
      let index: u32 = 0;
      do {
        const bytes = v128.load(text + index);
        v128.store(value + index, bytes);
        const found = i8x16.bitmask(
          v128.or(
            v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, quotes)),
            v128.or(i8x16.eq(bytes, feeds), i8x16.eq(bytes, returns)),
          ),
        );
        if (found) {
          isSpecial = index + <u32>ctz(found) < length;
          break;
        }
        index += 16;
      } while (index < length);
      if (isSpecial || policy != MINIMAL || length == nullLength) {
        if (out + length * ESCAPED_MAX > limit) {
          reason = STOP_FULL;
          break;
        }
        if (policy == NONE) {
          out = isSpecial ? escapedText(text, length, value) : value + length;
          if (!isSpecial) copyText(text, length, value);
          continue;
        }
        if (isSpecial || policy != MINIMAL || isSame(text, nullText, length)) {
          out = quotedText(text, length, value);
          continue;
        }
      }
      out = value + length;
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
