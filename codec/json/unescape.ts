import type { ByteSink } from '#spi/byte-sink.ts';

const letters: Readonly<Record<number, number>> = { 0x62: 0x08, 0x74: 0x09, 0x6e: 0x0a, 0x66: 0x0c, 0x72: 0x0d };

/** Appends the text of the canonical JSON string `bytes[start, end)` (its quotes included), escapes undone. */
export function writeUnescaped(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  let from = start + 1;
  const last = end - 1;
  for (let at = from; at < last; at++) {
    if (bytes[at] !== 0x5c) continue;
    sink.writeBytes(bytes, from, at);
    const letter = bytes[at + 1] as number; // canonical: an escape is whole
    if (letter === 0x75) {
      // Canonical text escapes only characters below 0x20 this way.
      sink.writeByte(Number.parseInt(String.fromCharCode(bytes[at + 4] as number, bytes[at + 5] as number), 16));
      at += 5;
    } else {
      sink.writeByte(letters[letter] ?? letter);
      at += 1;
    }
    from = at + 1;
  }
  sink.writeBytes(bytes, from, last);
}
