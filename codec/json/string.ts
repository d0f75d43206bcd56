import type { ByteSink } from '#spi/byte-sink.ts';
import { writeEscaped } from './scanner.ts';

/** Writes the UTF-8 text `bytes[start, end)` as a JSON string with its quotes. */
export function writeJsonString(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  sink.writeByte(0x22);
  let from = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number; // within the range given
    if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) continue;
    sink.writeBytes(bytes, from, at);
    writeEscaped(sink, byte);
    from = at + 1;
  }
  sink.writeBytes(bytes, from, end);
  sink.writeByte(0x22);
}
