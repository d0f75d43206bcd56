/** UTF-16 and UTF-32, in either byte order or as a byte order mark says (big-endian without one, as in Java). */
import type { ByteSink } from '#spi/byte-sink.ts';
import type { PieceDecoder } from './piece-decoder.ts';

type Order = 'big' | 'little' | 'mark';

const REPLACEMENT = 0xfffd;

export function utf16Decoder(order: Order): PieceDecoder {
  let isLittle = order === 'little';
  let isStart = order === 'mark';
  const unitAt = (bytes: Uint8Array, at: number): number => {
    const first = bytes[at] as number; // callers keep within the bytes
    const second = bytes[at + 1] as number;
    return isLittle ? first | (second << 8) : (first << 8) | second;
  };
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  return (bytes, isLast, sink) => {
    let at = 0;
    if (isStart && bytes.length >= 2) {
      isStart = false;
      isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
      if (isLittle || (bytes[0] === 0xfe && bytes[1] === 0xff)) at = 2;
    }
    for (; at + 1 < bytes.length; at += 2) {
      const unit = unitAt(bytes, at);
      if (unit < 0xd800 || unit > 0xdfff) {
        writeUtf8(sink, unit);
        continue;
      }
      if (unit > 0xdbff) {
        writeUtf8(sink, REPLACEMENT);
        continue;
      }
      if (at + 3 >= bytes.length) {
        if (!isLast) return at;
        writeUtf8(sink, REPLACEMENT);
        return bytes.length;
      }
      const low = unitAt(bytes, at + 2);
      // A high surrogate without its low one takes the next unit with it (Java: malformed for four bytes).
      writeUtf8(
        sink,
        low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : REPLACEMENT,
      );
      at += 2;
    }
    if (!isLast) return at;
    if (at < bytes.length) writeUtf8(sink, REPLACEMENT);
    return bytes.length;
  };
}

export function utf32Decoder(order: Order): PieceDecoder {
  let isLittle = order === 'little';
  let isStart = order === 'mark';
  return (bytes, isLast, sink) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (isStart && bytes.length >= 4) {
      isStart = false;
      isLittle = view.getUint32(0) === 0xfffe_0000;
      if (isLittle || view.getUint32(0) === 0xfeff) at = 4;
    }
    for (; at + 3 < bytes.length; at += 4) {
      const code = view.getUint32(at, isLittle);
      writeUtf8(sink, code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? REPLACEMENT : code);
    }
    if (!isLast) return at;
    if (at < bytes.length) writeUtf8(sink, REPLACEMENT);
    return bytes.length;
  };
}

/** Appends a code point as UTF-8. */
export function writeUtf8(sink: ByteSink, code: number): void {
  if (code < 0x80) {
    sink.writeByte(code);
    return;
  }
  if (code < 0x800) {
    sink.writeByte(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      sink.writeByte(0xe0 | (code >> 12));
    } else {
      sink.writeByte(0xf0 | (code >> 18));
      sink.writeByte(0x80 | ((code >> 12) & 63));
    }
    sink.writeByte(0x80 | ((code >> 6) & 63));
  }
  sink.writeByte(0x80 | (code & 63));
}
