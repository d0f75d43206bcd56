/**
 * The option `invalid_string_escapes`: text with its invalid escapes taken out. As in the original, line breaks are
 * dropped, and the look at an escape does not jump over the second half of a valid one.
 */
import { ByteSink } from '#spi/byte-sink.ts';
import type { TextChunk } from './utf8-text.ts';

const BACKSLASH = 0x5c;
const validLetters = new Set(Buffer.from('bfnrt"\\/'));
/** A backslash, `u`, and four digits. */
const ESCAPE_BYTES_MAX = 6;

export async function* repairEscapes(
  text: AsyncIterable<TextChunk>,
  mode: 'SKIP' | 'UNESCAPE',
): AsyncGenerator<TextChunk> {
  let held = Buffer.alloc(0);
  const sink = new ByteSink();
  for await (const { chunk, isLast } of text) {
    const lines = Buffer.from(chunk.filter((byte) => byte !== 0x0a && byte !== 0x0d));
    const bytes = Buffer.concat([held, lines]);
    sink.clear();
    let at = 0;
    while (at < bytes.length) {
      const byte = bytes[at] as number; // bounded by the loop
      if (byte === BACKSLASH) {
        if (!isLast && bytes.length - at < ESCAPE_BYTES_MAX) break;
        if (!isValidEscape(bytes, at)) {
          at += mode === 'SKIP' ? 2 : 1;
          continue;
        }
      }
      sink.writeByte(byte);
      at += 1;
    }
    held = bytes.subarray(Math.min(at, bytes.length));
    yield { chunk: sink.view(), isLast };
  }
}

function isValidEscape(bytes: Buffer, at: number): boolean {
  const letter = bytes[at + 1];
  if (letter === 0x75) return /^[0-9a-fA-F]{4}$/.test(bytes.toString('latin1', at + 2, at + 6));
  return letter !== undefined && validLetters.has(letter);
}
