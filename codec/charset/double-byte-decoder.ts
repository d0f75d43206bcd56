/** Charsets of one and two bytes (EUC-JP: three). Malformed input is replaced and skipped as in Java's decoders. */
import type { PieceDecoder } from './piece-decoder.ts';
import { doubleByteTable, jis0212Character, UNMAPPED } from './tables.ts';
import { writeUtf8 } from './unicode-decoder.ts';

/** EUC-JP's lead byte of the three-byte code set. */
const SINGLE_SHIFT_3 = 0x8f;

export function doubleByteDecoder(name: string): PieceDecoder {
  const { single, double, isLead } = doubleByteTable(name);
  const isEucJp = name === 'EUC-JP';
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  return (bytes, isLast, sink) => {
    let at = 0;
    while (at < bytes.length) {
      const byte = bytes[at] as number; // bounded by the loop
      const own = single[byte] as number;
      if (own !== UNMAPPED) {
        writeUtf8(sink, own);
        at += 1;
        continue;
      }
      const length = isEucJp && byte === SINGLE_SHIFT_3 ? 3 : 2;
      // EUC-JP takes every byte above ASCII for the first of a pair.
      const isOpen = isEucJp || isLead[byte] === 1;
      if (isOpen && at + length > bytes.length) {
        if (!isLast) return at;
        writeUtf8(sink, UNMAPPED);
        return bytes.length;
      }
      const trail = bytes[at + length - 1] ?? 0;
      const code = !isOpen
        ? UNMAPPED
        : length === 3
          ? jis0212Character(((bytes[at + 1] as number) << 8) | trail)
          : (double[(byte << 8) | trail] as number);
      writeUtf8(sink, code);
      if (code !== UNMAPPED || isEucJp) at += length;
      // A trail byte that means something by itself is read again.
      else at += isOpen && isLead[trail] === 0 && single[trail] === UNMAPPED ? 2 : 1;
    }
    return bytes.length;
  };
}
