// From CSV text to the columns of a batch: scan and typed conversion in one pass. The kernel knows the common dialect.
// A cell whose text it does not know is noted for the host (deferred); a record whose structure it does not know ends
// the run of records (STOP_UNKNOWN), and the host reads that record alone.
//
// The text is followed by at least 64 bytes of line feeds and quotes in turn, so that every scan ends soon behind it;
// whatever was read there is undone.
import {
  CELL_NULL,
  CELL_PLAIN,
  COLUMN_CELLS,
  COLUMN_KIND,
  COLUMN_NANOS,
  COLUMN_PROGRAM,
  COLUMN_SIZE,
  COLUMN_VALUES,
  KIND_BOOLEAN,
  KIND_DEFERRED,
  KIND_DOUBLE,
  KIND_LONG,
  KIND_STRING,
} from './layout';
import {
  doubleValue,
  lacksFraction,
  longValue,
  numberFlags,
  readBoolean,
  readDouble,
  readLong,
  surplusZeros,
} from './numbers';
import { readTimestamp, stampMicros, stampNanos } from './times';

// The words of the control block (codec/wasm/csv-kernel.ts fills them).
const DELIMITER: usize = 0;
const QUOTE: usize = 4;
const ESCAPE: usize = 8;
/** First byte of comments; 256 when there are none. */
const COMMENT: usize = 12;
/** What a line break inside quotes becomes: up to two bytes, and how many. */
const NEWLINE: usize = 16;
const NEWLINE_LENGTH: usize = 20;
const NULL_TEXT: usize = 24;
/** Bytes of the text for null; -1 when the empty cell without quotes is null, -2 when none of them is. */
const NULL_LENGTH: usize = 28;
const QUOTED_MAX: usize = 32;
const COLUMNS: usize = 36;
const COLUMNS_END: usize = 40;
const ROW_MAX: usize = 44;
/** Where each row's record begins, and the line breaks within it: one word per row each. */
const ROW_STARTS: usize = 48;
const ROW_BREAKS: usize = 52;
/** Pairs of row and column that the host is to convert, and how many fit. */
const DEFERRED: usize = 56;
const DEFERRED_MAX: usize = 60;
const TEXT_END: usize = 64;
const IS_LAST: usize = 68;
/** 1 when backslashes escape outside quotes, and a backslash with an N is null, as in PostgreSQL's COPY. */
const HAS_TEXT_ESCAPES: usize = 96;
// Read and written.
const ROW: usize = 72;
const SIDE_END: usize = 76;
const SIDE_MAX: usize = 80;
// Answers.
const POSITION: usize = 84;
const DEFERRED_COUNT: usize = 88;
const BREAKS: usize = 92;

/** Rows, bytes or memory are used up, or the limit is reached. */
const STOP_FULL: u32 = 0;
/** The record at the position goes on behind the text. */
const STOP_MORE: u32 = 1;
/** The record at the position is for the host. */
const STOP_UNKNOWN: u32 = 2;

const LF: u32 = 10;
const CR: u32 = 13;
const QUOTE_MARK: u32 = 34;
const BACKSLASH: u32 = 92;
const CAPITAL_N: u32 = 78;

let quote: u32 = 0;
let escape: u32 = 0;
let newline: u32 = 0;
let newlineLength: usize = 0;
let quotedMax: usize = 0;
let textEnd: usize = 0;
let sideEnd: usize = 0;
let sideMax: usize = 0;
/** CELL_PLAIN when the scan of a quoted cell sees every byte that JSON would escape, else 0. */
let quotedPlain: u32 = 0;
/** Line breaks inside the quotes of the record at hand. */
let breaks: u32 = 0;
let cellStart: usize = 0;
let cellLength: u32 = 0;
let cellFlags: u32 = 0;

/** An answer of `quotedCell` that is no position: the cell is for the host. */
const UNKNOWN: usize = 0;

/** The cell whose opening quote is at `open`, into the globals above. Returns the position behind its closing quote. */
function quotedCell(open: usize): usize {
  const quotes = i8x16.splat(<i8>quote);
  const escapes = i8x16.splat(<i8>escape);
  const blank = i8x16.splat(32);
  const start = open + 1;
  let flags = quotedPlain;
  let at = start;
  for (;;) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, escapes)), i8x16.lt_u(bytes, blank)),
    );
    if (!found) {
      at += 16;
      continue;
    }
    at += ctz(found);
    const byte: u32 = load<u8>(at);
    if (byte == quote) {
      if (load<u8>(at, 1) == quote) break;
      if (at - open > quotedMax) return UNKNOWN;
      cellStart = start;
      cellLength = <u32>(at - start);
      cellFlags = flags;
      return at + 1;
    }
    if (byte == escape) {
      const next: u32 = load<u8>(at, 1);
      if (next == quote || next == escape) break;
    } else if (byte == LF || byte == CR || byte == 0) break;
    flags = 0;
    at += 1;
  }
  return unescapedCell(open, at);
}

/** The same for a cell with something to undo at `at`: its text is put together behind the others at `sideEnd`. */
function unescapedCell(open: usize, at: usize): usize {
  const start = open + 1;
  // Line breaks may double.
  if (sideEnd + ((textEnd - min(start, textEnd)) << 1) + 256 > sideMax) return UNKNOWN;
  const quotes = i8x16.splat(<i8>quote);
  const escapes = i8x16.splat(<i8>escape);
  const blank = i8x16.splat(32);
  let out = sideEnd;
  // A few bytes too many are written over by what follows.
  for (let from = start; from < at; from += 16, out += 16) v128.store(out, v128.load(from));
  out = sideEnd + (at - start);
  for (;;) {
    const byte: u32 = load<u8>(at);
    if (byte == quote) {
      if (load<u8>(at, 1) != quote) break;
      store<u8>(out++, <u8>quote);
      at += 2;
    } else if (byte == escape) {
      const next: u32 = load<u8>(at, 1);
      const isEscape = next == quote || next == escape;
      store<u8>(out++, <u8>(isEscape ? next : byte));
      at += isEscape ? 2 : 1;
    } else if (byte == LF || byte == CR) {
      store<u16>(out, <u16>newline);
      out += newlineLength;
      breaks += 1;
      at += byte == CR && load<u8>(at, 1) == LF ? 2 : 1;
    } else if (byte == 0) {
      return UNKNOWN;
    } else {
      store<u8>(out++, <u8>byte);
      at += 1;
    }
    for (;;) {
      const bytes = v128.load(at);
      v128.store(out, bytes);
      const found = i8x16.bitmask(
        v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, escapes)), i8x16.lt_u(bytes, blank)),
      );
      if (found) {
        const count = <usize>ctz(found);
        at += count;
        out += count;
        break;
      }
      at += 16;
      out += 16;
    }
  }
  if (at - open > quotedMax || out - sideEnd > quotedMax) return UNKNOWN;
  cellStart = sideEnd;
  cellLength = <u32>(out - sideEnd);
  cellFlags = 0;
  sideEnd = out;
  return at + 1;
}

// @ts-ignore: decorator
@inline
/** What the byte behind a backslash means outside quotes. */
function unescaped(byte: u32): u32 {
  switch (byte) {
    case 0x6e: // n
      return LF;
    case 0x74: // t
      return 9;
    case 0x72: // r
      return CR;
    case 0x62: // b
      return 8;
    case 0x66: // f
      return 12;
    case 0x76: // v
      return 11;
    default:
      return byte;
  }
}

/**
 * A cell outside quotes whose first backslash is at `at`: its text is put together behind the others at `sideEnd`.
 * Returns the position of what ends it.
 */
function escapedCell(start: usize, at: usize, delimiter: u32): usize {
  if (sideEnd + (textEnd - min(start, textEnd)) + 256 > sideMax) return UNKNOWN;
  const delimiters = i8x16.splat(<i8>delimiter);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  const blank = i8x16.splat(32);
  let out = sideEnd;
  // A few bytes too many are written over by what follows.
  for (let from = start; from < at; from += 16, out += 16) v128.store(out, v128.load(from));
  out = sideEnd + (at - start);
  for (;;) {
    const byte: u32 = load<u8>(at);
    if (byte == BACKSLASH) {
      store<u8>(out++, <u8>unescaped(load<u8>(at, 1)));
      at += 2;
    } else if (byte == delimiter || byte == LF || byte == CR) {
      break;
    } else if (byte == 0) {
      return UNKNOWN;
    } else {
      store<u8>(out++, <u8>byte);
      at += 1;
    }
    for (;;) {
      const bytes = v128.load(at);
      v128.store(out, bytes);
      const found = i8x16.bitmask(
        v128.or(v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, backslashes)), i8x16.lt_u(bytes, blank)),
      );
      if (found) {
        const count = <usize>ctz(found);
        at += count;
        out += count;
        break;
      }
      at += 16;
      out += 16;
    }
  }
  cellStart = sideEnd;
  cellLength = <u32>(out - sideEnd);
  cellFlags = 0;
  sideEnd = out;
  return at;
}

// @ts-ignore: decorator
@inline
function isSame(left: usize, right: usize, length: usize): bool {
  for (let index: usize = 0; index < length; index++) {
    if (load<u8>(left + index) != load<u8>(right + index)) return false;
  }
  return true;
}

/** The text of a double that prints otherwise only by its fraction: zeros go, a missing ".0" is added. */
function settleDouble(): void {
  if (lacksFraction) {
    if (sideEnd + 64 > sideMax) {
      cellFlags = 0;
      return;
    }
    v128.store(sideEnd, v128.load(cellStart));
    cellStart = sideEnd;
    store<u16>(sideEnd + cellLength, 0x302e);
    cellLength += 2;
    sideEnd += cellLength;
  } else {
    cellLength -= surplusZeros;
  }
}

/** Converts the cell in the globals; false when the host is to do it. */
// @ts-ignore: decorator
@inline
function convert(column: usize, row: usize, kind: u32): bool {
  const end = cellStart + cellLength;
  if (kind == KIND_LONG) {
    if (readLong(cellStart) != end) return false;
    store<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3), longValue);
    cellFlags = numberFlags;
  } else if (kind == KIND_DOUBLE) {
    if (readDouble(cellStart) != end) return false;
    store<f64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3), doubleValue);
    cellFlags = numberFlags;
    if (numberFlags && (lacksFraction || surplusZeros)) settleDouble();
  } else if (kind == KIND_BOOLEAN) {
    store<u8>(<usize>load<u32>(column, COLUMN_VALUES) + row, readBoolean(cellStart, cellLength));
    cellFlags = 0;
  } else if (kind == KIND_DEFERRED) {
    return false;
  } else {
    if (!readTimestamp(load<u32>(column, COLUMN_PROGRAM), cellStart, end)) return false;
    store<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (row << 3), stampMicros);
    store<u16>(<usize>load<u32>(column, COLUMN_NANOS) + (row << 1), <u16>stampNanos);
    cellFlags = 0;
  }
  return true;
}

/**
 * Reads records that begin in [position, limit) into the rows from ROW on, until one of the reasons to stop, which is
 * the answer. The control block then says where it stopped, and what it counted.
 */
export function parseCsv(control: usize, position: usize, limit: usize): u32 {
  const delimiter: u32 = load<u32>(control, DELIMITER);
  quote = load<u32>(control, QUOTE);
  escape = load<u32>(control, ESCAPE);
  const comment = load<u32>(control, COMMENT);
  newline = load<u32>(control, NEWLINE);
  newlineLength = load<u32>(control, NEWLINE_LENGTH);
  const nullText: usize = load<u32>(control, NULL_TEXT);
  const nullLength = load<i32>(control, NULL_LENGTH);
  quotedMax = load<u32>(control, QUOTED_MAX);
  const columns: usize = load<u32>(control, COLUMNS);
  const columnsEnd: usize = load<u32>(control, COLUMNS_END);
  const lastColumn = columnsEnd - COLUMN_SIZE;
  const rowMax = load<u32>(control, ROW_MAX);
  const rowStarts: usize = load<u32>(control, ROW_STARTS);
  const rowBreaks: usize = load<u32>(control, ROW_BREAKS);
  const deferred: usize = load<u32>(control, DEFERRED);
  const deferredMax = load<u32>(control, DEFERRED_MAX) - <u32>((columnsEnd - columns) / COLUMN_SIZE);
  textEnd = load<u32>(control, TEXT_END);
  const isLast = load<u32>(control, IS_LAST) != 0;
  const hasTextEscapes = load<u32>(control, HAS_TEXT_ESCAPES) != 0;
  sideEnd = load<u32>(control, SIDE_END);
  sideMax = load<u32>(control, SIDE_MAX);
  quotedPlain = quote == QUOTE_MARK && escape == BACKSLASH ? CELL_PLAIN : 0;

  const delimiters = i8x16.splat(<i8>delimiter);
  const blank = i8x16.splat(32);
  const quoteMarks = i8x16.splat(<i8>QUOTE_MARK);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  let row: u32 = load<u32>(control, ROW);
  let at = position;
  let reason = STOP_FULL;
  let deferredCount: u32 = 0;
  let totalBreaks: u32 = 0;
  limit = min(limit, textEnd);

  while (row < rowMax && at < limit && deferredCount <= deferredMax) {
    const record = at;
    const first: u32 = load<u8>(at);
    // Empty lines and comments are the host's affair.
    if (first == LF || first == CR || first == comment) {
      reason = STOP_UNKNOWN;
      break;
    }
    const recordSide = sideEnd;
    const recordDeferred = deferredCount;
    breaks = 0;
    let isKnown = true;
    let column = columns;
    for (;;) {
      const kind = load<u32>(column, COLUMN_KIND);
      const byte: u32 = load<u8>(at);
      let isConverted = kind == KIND_STRING;
      let isNull = false;
      if (byte == quote) {
        at = quotedCell(at);
        if (at == UNKNOWN) {
          isKnown = false;
          break;
        }
        if (!isConverted) isConverted = convert(column, row, kind);
      } else {
        let end: usize = 0;
        cellStart = at;
        if (kind == KIND_LONG) {
          end = readLong(at);
          if (end) {
            const stop: u32 = load<u8>(end);
            if (stop == delimiter || stop == LF || stop == CR) {
              store<i64>(<usize>load<u32>(column, COLUMN_VALUES) + (<usize>row << 3), longValue);
              cellLength = <u32>(end - at);
              cellFlags = numberFlags;
              isConverted = true;
            } else {
              end = 0;
            }
          }
        } else if (kind == KIND_DOUBLE) {
          end = readDouble(at);
          if (end) {
            const stop: u32 = load<u8>(end);
            if (stop == delimiter || stop == LF || stop == CR) {
              store<f64>(<usize>load<u32>(column, COLUMN_VALUES) + (<usize>row << 3), doubleValue);
              cellLength = <u32>(end - at);
              cellFlags = numberFlags;
              isConverted = true;
            } else {
              end = 0;
            }
          }
        }
        if (end == 0) {
          end = at;
          let special = false;
          let isEscaped = false;
          for (;;) {
            // Ordinary bytes, 16 at a time, up to the first that ends the cell or that JSON would escape.
            const bytes = v128.load(end);
            const found = i8x16.bitmask(
              v128.or(
                v128.or(i8x16.eq(bytes, delimiters), i8x16.lt_u(bytes, blank)),
                v128.or(i8x16.eq(bytes, quoteMarks), i8x16.eq(bytes, backslashes)),
              ),
            );
            if (!found) {
              end += 16;
              continue;
            }
            end += ctz(found);
            const stop: u32 = load<u8>(end);
            if (stop == delimiter || stop == LF || stop == CR) break;
            if (stop == 0) {
              isKnown = false;
              break;
            }
            if (stop == BACKSLASH && hasTextEscapes) {
              isEscaped = true;
              break;
            }
            special = true;
            end += 1;
          }
          if (!isKnown) {
            // Not `end`: a NUL may stand behind the text by chance, and then more text is to come.
            at = end;
            break;
          }
          if (isEscaped) {
            const behind: u32 = load<u8>(end, 2);
            if (end == at && load<u8>(end, 1) == CAPITAL_N && (behind == delimiter || behind == LF)) {
              isNull = true;
              end += 2;
            } else {
              end = escapedCell(at, end, delimiter);
              if (end == UNKNOWN) {
                isKnown = false;
                break;
              }
            }
          } else {
            cellLength = <u32>(end - at);
            cellFlags = special ? 0 : CELL_PLAIN;
            isNull = cellLength == 0 && nullLength == -1;
          }
          // A number is here only when it is unusual; everything else is still text.
          if (!isConverted && !isNull) isConverted = convert(column, row, kind);
        } else if (cellFlags && kind == KIND_DOUBLE && (lacksFraction || surplusZeros)) {
          // The text for null is compared before the cell is settled.
          if (cellLength != nullLength || !isSame(cellStart, nullText, cellLength)) settleDouble();
        }
        at = end;
      }
      const cell = <usize>load<u32>(column, COLUMN_CELLS) + (<usize>row << 3);
      if (nullLength >= 0) {
        // Numbers may have been settled already, but then they were not the text for null, or are quoted ones.
        if (cellLength == nullLength && isSame(cellStart, nullText, cellLength)) isNull = true;
      }
      store<u64>(cell, <u64>cellStart | (<u64>(isNull ? CELL_NULL : cellLength | cellFlags) << 32));
      if (!isConverted && !isNull) {
        const pair = deferred + (<usize>deferredCount << 3);
        store<u32>(pair, row);
        store<u32>(pair, <u32>((column - columns) / COLUMN_SIZE), 4);
        deferredCount += 1;
      }
      const stop: u32 = load<u8>(at);
      if (stop == delimiter && at < textEnd) {
        if (column == lastColumn) {
          isKnown = false;
          break;
        }
        column += COLUMN_SIZE;
        at += 1;
        continue;
      }
      isKnown = column == lastColumn && (stop == LF || stop == CR);
      break;
    }
    if (at >= textEnd) {
      // The record touches the end of the text: whole only when nothing follows.
      if (!isLast) reason = STOP_MORE;
      else if (at > textEnd || !isKnown) reason = STOP_UNKNOWN;
    } else if (!isKnown) {
      reason = STOP_UNKNOWN;
    }
    let next = at + 1;
    if (isKnown && at < textEnd && load<u8>(at) == CR) {
      if (next < textEnd) {
        if (load<u8>(next) == LF) next += 1;
      } else if (!isLast) {
        reason = STOP_MORE;
      }
    }
    if (reason != STOP_FULL || !isKnown) {
      sideEnd = recordSide;
      deferredCount = recordDeferred;
      at = record;
      break;
    }
    store<u32>(rowStarts + (<usize>row << 2), <u32>record);
    store<u32>(rowBreaks + (<usize>row << 2), breaks);
    totalBreaks += breaks;
    row += 1;
    at = min(next, textEnd);
  }
  store<u32>(control, row, ROW);
  store<u32>(control, <u32>sideEnd, SIDE_END);
  store<u32>(control, <u32>at, POSITION);
  store<u32>(control, deferredCount, DEFERRED_COUNT);
  store<u32>(control, totalBreaks, BREAKS);
  return reason;
}
