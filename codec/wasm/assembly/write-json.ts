// From the columns of a batch to JSON lines. Cells whose text is JSON already are copied; strings are escaped, numbers
// and times printed. What needs the exact rules of codec/json is left to the host, cell by cell.
import { copyText } from './copy';
import {
  CELL_CANONICAL,
  CELL_LENGTH_MASK,
  CELL_PLAIN,
  CELL_SURROGATE,
  COLUMN_CELLS,
  COLUMN_KEY,
  COLUMN_KEY_LENGTH,
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
  KIND_JSON,
  LIMIT,
  LINE_END,
  LINE_END_LENGTH,
  OUT,
  ROW,
  ROW_COUNT,
  STOP_DONE,
  STOP_FULL,
  STOP_HOST,
} from './write-layout';

const QUOTE_MARK: u32 = 34;
const BACKSLASH: u32 = 92;
const NULL_WORD: u32 = 0x6c6c756e;
const TRUE_WORD: u32 = 0x65757274;
const FALSE_WORD: u64 = 0x65736c6166;
/** Bytes that one byte becomes at most. */
const ESCAPED_MAX: u32 = 6;

/** Texts up to this length fit into the slack behind the limit. */
const SHORT_TEXT: u32 = 16;

/** Escapes of the bytes below 0x20, each with its length in the highest byte. */
const ESCAPES = memory.data<u64>([
  0x060030303030755c, 0x060031303030755c, 0x060032303030755c, 0x060033303030755c, 0x060034303030755c,
  0x060035303030755c, 0x060036303030755c, 0x060037303030755c, 0x020000000000625c, 0x020000000000745c,
  0x0200000000006e5c, 0x060062303030755c, 0x020000000000665c, 0x020000000000725c, 0x060065303030755c,
  0x060066303030755c, 0x060030313030755c, 0x060031313030755c, 0x060032313030755c, 0x060033313030755c,
  0x060034313030755c, 0x060035313030755c, 0x060036313030755c, 0x060037313030755c, 0x060038313030755c,
  0x060039313030755c, 0x060061313030755c, 0x060062313030755c, 0x060063313030755c, 0x060064313030755c,
  0x060065313030755c, 0x060066313030755c,
]);

// @ts-ignore: decorator
@inline
/** The text, escaped; returns the end. */
function escapeText(from: usize, length: u32, out: usize): usize {
  const quoteMarks = i8x16.splat(<i8>QUOTE_MARK);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  const blanks = i8x16.splat(32);
  const end = from + length;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(out, bytes);
    let found = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quoteMarks), i8x16.eq(bytes, backslashes)), i8x16.lt_u(bytes, blanks)),
    );
    if (found) {
      const rest = <i32>(end - from);
      if (rest < 16) found &= (1 << rest) - 1;
      // What follows the special byte comes from the source again: nothing waits for what has just been stored.
      for (; found; found &= found - 1) {
        const index = <usize>ctz(found);
        const byte: u32 = load<u8>(from + index);
        if (byte >= 32) {
          store<u16>(out + index, <u16>(BACKSLASH | (byte << 8)));
          out += 1;
        } else {
          const escape = load<u64>(ESCAPES + (<usize>byte << 3));
          store<u64>(out + index, escape);
          out += <usize>(escape >> 56) - 1;
        }
        v128.store(out + index + 1, v128.load(from + index + 1));
      }
    }
    from += 16;
    out += 16;
  }
  return out - (from - end);
}

// @ts-ignore: decorator
@inline
/** What precedes the value of a cell; returns the end. */
function writeKey(column: usize, out: usize): usize {
  const key: usize = load<u32>(column, COLUMN_KEY);
  const length: usize = load<u32>(column, COLUMN_KEY_LENGTH);
  v128.store(out, v128.load(key));
  if (length > 16) {
    v128.store(out, v128.load(key, 16), 16);
    for (let index: usize = 32; index < length; index += 16) v128.store(out + index, v128.load(key + index));
  }
  return out + length;
}

/** Writes rows from (ROW, COLUMN) on, until one of the reasons to stop, which is the answer. */
export function writeJson(control: usize): u32 {
  const columns: usize = load<u32>(control, COLUMNS);
  const columnsEnd: usize = load<u32>(control, COLUMNS_END);
  const rowCount: usize = load<u32>(control, ROW_COUNT);
  const limit: usize = load<u32>(control, LIMIT);
  const lineEnd = v128.load(control, LINE_END);
  const lineEndLength: usize = load<u32>(control, LINE_END_LENGTH);
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
      const value = writeKey(column, out);
      if (<i32>word < 0) {
        // The keys of texts end with a quote.
        out = value - (load<u8>(value - 1) == QUOTE_MARK ? 1 : 0);
        store<u32>(out, NULL_WORD);
        out += 4;
        continue;
      }
      const length = word & CELL_LENGTH_MASK;
      if (kind == KIND_STRING) {
        const text = <usize>load<u32>(column, COLUMN_TEXT) + load<u32>(cell);
        let end: usize;
        if ((word & (CELL_PLAIN | CELL_SURROGATE)) == CELL_PLAIN) {
          if (length > SHORT_TEXT && out + length > limit) {
            reason = STOP_FULL;
            break;
          }
          end = copyText(text, length, value);
        } else {
          if (word & CELL_SURROGATE) {
            reason = STOP_HOST;
            break;
          }
          if (out + length * ESCAPED_MAX > limit) {
            reason = STOP_FULL;
            break;
          }
          end = escapeText(text, length, value);
        }
        store<u8>(end, <u8>QUOTE_MARK);
        out = end + 1;
      } else if (kind == KIND_LONG || kind == KIND_DOUBLE) {
        if (word & CELL_CANONICAL) {
          const text = <usize>load<u32>(column, COLUMN_TEXT) + load<u32>(cell);
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
        } else if (kind == KIND_LONG) {
          out = printLong(load<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3)), value);
        } else {
          const number = load<f64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3));
          let end: usize;
          if (number - number == 0) {
            end = printDouble(number, value);
            if (!end) {
              reason = STOP_HOST;
              break;
            }
          } else {
            // JSON has no word for what is no number, and for the infinite.
            store<u32>(value, NULL_WORD);
            end = value + 4;
          }
          out = end;
        }
      } else if (kind == KIND_TIMESTAMP) {
        const micros = load<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3));
        const above: u32 = load<u16>(<usize>load<u32>(column, COLUMN_NANOS) + (row << 1));
        const end = printTime(column, micros, above, value);
        if (!end) {
          reason = STOP_HOST;
          break;
        }
        store<u8>(end, <u8>QUOTE_MARK);
        out = end + 1;
      } else if (kind == KIND_BOOLEAN) {
        const isTrue = load<u8>(<usize>load<u32>(column, COLUMN_VALUES) + row) == 1;
        store<u64>(value, isTrue ? <u64>TRUE_WORD : FALSE_WORD);
        out = value + (isTrue ? 4 : 5);
      } else if (kind == KIND_JSON && !(word & CELL_SURROGATE)) {
        if (length > SHORT_TEXT && out + length > limit) {
          reason = STOP_FULL;
          break;
        }
        out = copyText(<usize>load<u32>(column, COLUMN_TEXT) + load<u32>(cell), length, value);
      } else {
        reason = STOP_HOST;
        break;
      }
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
