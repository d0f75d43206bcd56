/** JSON strings from UTF-8 text. */
import { copyPiece, viewOf } from '#spi/byte-copy.ts';
import { firstSpecial, fourTimes, specialBytes } from '#codec/bytes/special-bytes.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { writeEscaped } from './scanner.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const QUOTES = fourTimes(QUOTE);
const BACKSLASHES = fourTimes(BACKSLASH);

/** Writes the UTF-8 text `bytes[start, end)` as a JSON string with its quotes. */
export function writeJsonString(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  writeJsonText(sink, viewOf(bytes), start, end);
}

/** The same for many texts of one memory, whose view is made once. */
export function writeJsonText(sink: ByteSink, source: DataView, start: number, end: number): void {
  sink.reserve(end - start + 2);
  sink.data.setUint8(sink.length++, QUOTE);
  let from = start;
  for (;;) {
    const at = findEscaped(source, from, end);
    sink.length = copyPiece(sink.data, sink.length, source, from, at);
    if (at === end) break;
    writeEscaped(sink, source.getUint8(at));
    from = at + 1;
    // An escape is longer than its byte; room is kept for the rest of the text and the quote.
    sink.reserve(end - from + 1);
  }
  sink.data.setUint8(sink.length++, QUOTE);
}

/** The position of the first byte that a JSON string must escape, or `end`. */
function findEscaped(source: DataView, start: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const found = specialBytes(source.getInt32(at, true), QUOTES, BACKSLASHES, BACKSLASHES);
    if (found !== 0) return at + firstSpecial(found);
  }
  for (; at < end; at++) {
    const byte = source.getUint8(at);
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) break;
  }
  return at;
}
