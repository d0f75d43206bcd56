/** Fields cut out of the bytes of any charset, as UTF-8. */
import { charsetDecoder } from '#codec/charset/decoder.ts';

export interface FieldText {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The field's text, borrowed until the next call; undefined when the bytes are not whole characters. */
export type DecodeField = (bytes: Uint8Array, start: number, end: number) => FieldText | undefined;

export function decodedField(charset: string): DecodeField {
  const decoder = charsetDecoder(charset);
  const isAsciiItself = mapsAscii(charset);
  return (bytes, start, end) => {
    if (isAsciiItself && isAscii(bytes, start, end)) return { bytes, start, end };
    const text = decoder.decode(bytes.subarray(start, end), true);
    // What cannot be decoded becomes U+FFFD, which no charset but Unicode's own can hold.
    if (replacementAt(text, 0, text.length) >= 0 && replacementAt(bytes, start, end) < 0) return undefined;
    return { bytes: text, start: 0, end: text.length };
  };
}

function mapsAscii(charset: string): boolean {
  const ascii = Uint8Array.from({ length: 128 }, (_, byte) => byte);
  return Buffer.from(charsetDecoder(charset).decode(ascii, true)).equals(ascii);
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return false; // bounded by the loop
  return true;
}

function replacementAt(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at + 3 <= end; at++) {
    if (bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return at;
  }
  return -1;
}
