/**
 * An encoder of Snappy's raw format: the length of the text as a varint, then literals and copies. The text goes in
 * blocks of 64 KiB, so that positions fit into 16 bits; matches are found by a hash of four bytes.
 */
import { ByteSink } from '#spi/byte-sink.ts';
import { viewOf } from '#spi/byte-copy.ts';
import { writeVarint } from './thrift-writer.ts';

const BLOCK_BYTES = 64 * 1024;
const HASH_BITS = 14;
const MATCH_BYTES_MIN = 4;
/** Matches do not begin in the last bytes of a block: four are read at once. */
const TAIL_BYTES = 15;
/** Where nothing matches, steps get longer: by one for so many bytes without a match. */
const PATIENCE_BITS = 5;

const positions = new Uint16Array(1 << HASH_BITS);

/** The compressed bytes, in memory of their own. */
export function snappy(text: Uint8Array): Uint8Array {
  // The most it can grow by: literals' heads.
  const sink = new ByteSink(32 + text.length + Math.floor(text.length / 6));
  writeVarint(sink, text.length);
  const view = viewOf(text);
  for (let start = 0; start < text.length; start += BLOCK_BYTES) {
    writeBlock(sink, text, view, start, Math.min(text.length, start + BLOCK_BYTES));
  }
  return sink.view();
}

function writeBlock(sink: ByteSink, text: Uint8Array, view: DataView, start: number, end: number): void {
  positions.fill(0);
  const last = end - TAIL_BYTES;
  let literalFrom = start;
  let misses = 0;
  let at = start + 1;
  while (at < last) {
    const word = view.getInt32(at, true);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = start + (positions[slot] as number); // the table is as large as the hash
    positions[slot] = at - start;
    if (candidate >= at || view.getInt32(candidate, true) !== word) {
      at += 1 + (misses >> PATIENCE_BITS);
      misses += 1;
      continue;
    }
    misses = 0;
    let length = MATCH_BYTES_MIN;
    while (at + length < end && text[at + length] === text[candidate + length]) length += 1;
    writeLiteral(sink, text, literalFrom, at);
    writeCopy(sink, at - candidate, length);
    at += length;
    literalFrom = at;
  }
  writeLiteral(sink, text, literalFrom, end);
}

function writeLiteral(sink: ByteSink, text: Uint8Array, from: number, to: number): void {
  const length = to - from;
  if (length === 0) return;
  const rest = length - 1;
  if (rest < 60) {
    sink.writeByte(rest << 2);
  } else if (rest < 0x100) {
    sink.writeByte(60 << 2);
    sink.writeByte(rest);
  } else {
    // A block is 64 KiB, so two bytes are enough.
    sink.writeByte(61 << 2);
    sink.writeByte(rest & 0xff);
    sink.writeByte(rest >> 8);
  }
  sink.writeBytes(text, from, to);
}

/** Copies of 64 bytes at most; none of the pieces is shorter than four, as decoders may expect. */
function writeCopy(sink: ByteSink, distance: number, length: number): void {
  let rest = length;
  while (rest > 0) {
    const piece = rest > 67 ? 64 : rest > 64 ? 60 : rest;
    if (piece < 12 && distance < 2048) {
      sink.writeByte(1 | ((piece - 4) << 2) | ((distance >> 8) << 5));
      sink.writeByte(distance & 0xff);
    } else {
      sink.writeByte(2 | ((piece - 1) << 2));
      sink.writeByte(distance & 0xff);
      sink.writeByte(distance >> 8);
    }
    rest -= piece;
  }
}
