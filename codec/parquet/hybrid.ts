/**
 * Parquet's hybrid of run lengths and packed bits, which levels and dictionary indexes are written in: a run is
 * `count << 1` and the value, a piece of packed values `groups << 1 | 1` and eight values a group, low bits first.
 */
import type { ByteSink } from '#spi/byte-sink.ts';
import { writeVarint } from './thrift-writer.ts';

/** A run takes two to six bytes, eight packed values as many as they have bits. */
const RUN_BITS_MIN = 64;

/** Bits that numbers below `count` need; at least one, for some readers do not know what to do with none. */
export function bitWidthOf(count: number): number {
  return Math.max(1, 32 - Math.clz32(Math.max(0, count - 1)));
}

/** Appends `values[0, count)`, each below `2 ** width`. */
export function writeHybrid(sink: ByteSink, values: Uint8Array | Uint32Array, count: number, width: number): void {
  const runMin = Math.max(8, Math.ceil(RUN_BITS_MIN / width));
  let packedFrom = 0;
  let at = 0;
  while (at < count) {
    const value = values[at] as number; // bounded by the loop, as all indexes here
    let end = at + 1;
    while (end < count && values[end] === value) end += 1;
    // Packed values come in eights: the first of the run complete a group.
    const filling = -(at - packedFrom) & 7;
    if (end - at - filling >= runMin) {
      const from = at + filling;
      writePacked(sink, values, packedFrom, from, width);
      writeVarint(sink, (end - from) * 2);
      for (let bits = 0; bits < width; bits += 8) sink.writeByte((value >>> bits) & 0xff);
      packedFrom = end;
    }
    at = end;
  }
  writePacked(sink, values, packedFrom, count, width);
}

/** The last group may be short: it is filled with zeros, which the count of values leaves out. */
function writePacked(sink: ByteSink, values: Uint8Array | Uint32Array, from: number, to: number, width: number): void {
  if (from === to) return;
  const groups = Math.ceil((to - from) / 8);
  writeVarint(sink, groups * 2 + 1);
  sink.reserve(groups * width);
  const { bytes } = sink;
  let at = sink.length;
  // Widths are 16 at most, so a word of 32 bits holds what is pending and a value.
  let pending = 0;
  let pendingBits = 0;
  for (let index = from; index < from + groups * 8; index++) {
    pending |= (index < to ? (values[index] as number) : 0) << pendingBits;
    pendingBits += width;
    while (pendingBits >= 8) {
      bytes[at++] = pending & 0xff;
      pending >>>= 8;
      pendingBits -= 8;
    }
  }
  sink.length = at;
}
