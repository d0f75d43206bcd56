/** Malformed UTF-8, replaced as Java does: one U+FFFD per broken sequence, and one for a whole encoded surrogate. */
import type { ByteSink } from '#spi/byte-sink.ts';

/** Bytes at the end that begin a character whose rest may follow in the next chunk. */
export function utf8TailLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number; // bounded by the loop
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? back : 0;
  }
  return 0;
}

/** Appends the bytes with every malformed sequence replaced. */
export function repairUtf8(bytes: Uint8Array, sink: ByteSink): void {
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] as number; // bounded by the loop
    if (byte < 0x80) {
      at += 1;
      continue;
    }
    const length = sequenceLength(byte);
    const valid = validLength(bytes, at, length);
    if (valid === length && length > 1 && !isSurrogate(bytes, at)) {
      at += length;
      continue;
    }
    sink.writeBytes(bytes, from, at);
    sink.writeByte(0xef);
    sink.writeByte(0xbf);
    sink.writeByte(0xbd);
    at += Math.max(1, valid);
    from = at;
  }
  sink.writeBytes(bytes, from, bytes.length);
}

/** Bytes of a sequence by its first byte; 1 for a byte that cannot begin one. */
function sequenceLength(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 1;
}

/** How much of the sequence is well-formed: at least its first byte. */
function validLength(bytes: Uint8Array, start: number, length: number): number {
  if (length === 1) return 1;
  const first = bytes[start] as number; // given by the caller
  const second = bytes[start + 1];
  if (second === undefined || !isSecond(first, second)) return 1;
  let valid = 2;
  while (valid < length && isContinuation(bytes[start + valid])) valid += 1;
  return valid;
}

function isSecond(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (first === 0xf0) return second >= 0x90 && second <= 0xbf;
  if (first === 0xf4) return second >= 0x80 && second <= 0x8f;
  return isContinuation(second);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function isSurrogate(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xed && (bytes[at + 1] as number) >= 0xa0; // the sequence is whole
}
