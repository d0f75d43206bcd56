/** From bytes in any charset to UTF-8, piece by piece; malformed input is replaced by U+FFFD as Java does it. */
import { isUtf8 } from 'node:buffer';
import { ByteSink } from '#spi/byte-sink.ts';
import { doubleByteDecoder } from './double-byte-decoder.ts';
import { charsetErrors } from './errors.ts';
import { charsetFamily } from './names.ts';
import type { CharsetFamily } from './names.ts';
import type { PieceDecoder } from './piece-decoder.ts';
import { singleByteTable } from './tables.ts';
import { utf16Decoder, utf32Decoder } from './unicode-decoder.ts';
import { repairUtf8, utf8TailLength } from './utf8-repair.ts';

export interface CharsetDecoder {
  /**
   * Well-formed UTF-8 of the chunk and of what the chunks before left over; borrowed until the next call. With
   * `isLast` nothing is left over.
   */
  decode(chunk: Uint8Array, isLast: boolean): Uint8Array;
}

/** Throws CHARSET_UNKNOWN for a name that is none. A byte order mark is kept, but for UTF-16 and UTF-32, which it leads. */
export function charsetDecoder(charset: string): CharsetDecoder {
  const family = charsetFamily(charset);
  if (family === undefined) throw charsetErrors.error('CHARSET_UNKNOWN', { charset });
  return familyDecoder(family);
}

function familyDecoder(family: CharsetFamily): CharsetDecoder {
  switch (family.kind) {
    case 'utf-8':
      return utf8Decoder();
    case 'utf-16':
      return withLeftover(utf16Decoder(family.order));
    case 'utf-32':
      return withLeftover(utf32Decoder(family.order));
    case 'single':
      return withLeftover(singleByteDecoder(family.name));
    case 'double':
      return withLeftover(doubleByteDecoder(family.name));
    case 'platform':
      return platformDecoder(family.label);
  }
}

function withLeftover(decodePiece: PieceDecoder): CharsetDecoder {
  const sink = new ByteSink();
  let leftover = new Uint8Array(0);
  return {
    decode(chunk, isLast) {
      sink.clear();
      const bytes = leftover.length === 0 ? chunk : Buffer.concat([leftover, chunk]);
      const used = decodePiece(bytes, isLast, sink);
      leftover = new Uint8Array(bytes.subarray(used));
      return sink.view();
    },
  };
}

/** Valid UTF-8 passes through without a copy. */
function utf8Decoder(): CharsetDecoder {
  const sink = new ByteSink(0);
  let leftover = new Uint8Array(0);
  return {
    decode(chunk, isLast) {
      const bytes = leftover.length === 0 ? chunk : Buffer.concat([leftover, chunk]);
      const tail = isLast ? 0 : utf8TailLength(bytes);
      const whole = bytes.subarray(0, bytes.length - tail);
      leftover = new Uint8Array(bytes.subarray(bytes.length - tail));
      if (isUtf8(whole)) return whole;
      sink.clear();
      repairUtf8(whole, sink);
      return sink.view();
    },
  };
}

function singleByteDecoder(name: string): PieceDecoder {
  const table = singleByteTable(name);
  const encoded = Array.from(table, (code) => new TextEncoder().encode(String.fromCharCode(code)));
  return (bytes, _isLast, sink) => {
    // No character of these charsets takes more than three bytes.
    sink.reserve(bytes.length * 3);
    const target = sink.bytes;
    let at = sink.length;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] as number; // bounded by the loop
      if (byte < 0x80) target[at++] = byte;
      else for (const part of encoded[byte] as Uint8Array) target[at++] = part;
    }
    sink.length = at;
    return bytes.length;
  };
}

function platformDecoder(label: string): CharsetDecoder {
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  const encoder = new TextEncoder();
  return { decode: (chunk, isLast) => encoder.encode(decoder.decode(chunk, { stream: !isLast })) };
}
