/** JSON strings from UTF-8 text. */
import { copyPiece, viewOf } from '#spi/byte-copy.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { writeEscaped } from './scanner.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** 1 for the bytes that a JSON string must escape. */
const escaped = new Uint8Array(256).fill(1, 0, 0x20);
escaped[QUOTE] = 1;
escaped[BACKSLASH] = 1;

/** Writes the UTF-8 text `bytes[start, end)` as a JSON string with its quotes. */
export function writeJsonString(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  writeJsonText(sink, viewOf(bytes), start, end);
}

/** The same for many texts of one memory, whose view is made once. */
export function writeJsonText(sink: ByteSink, source: DataView, start: number, end: number): void {
  sink.reserve(end - start + 2);
  sink.data.setUint8(sink.length++, QUOTE);
  let from = start;
  for (let at = start; at < end; at++) {
    const byte = source.getUint8(at);
    if (escaped[byte] === 0) continue;
    sink.length = copyPiece(sink.data, sink.length, source, from, at);
    writeEscaped(sink, byte);
    from = at + 1;
    // An escape is longer than its byte; room is kept for the rest of the text and the quote.
    sink.reserve(end - from + 1);
  }
  sink.length = copyPiece(sink.data, sink.length, source, from, end);
  sink.data.setUint8(sink.length++, QUOTE);
}
