/** Text with lone surrogates as bytes. */
import type { ByteSink } from './byte-sink.ts';

/** Appends the text as UTF-8, lone surrogates as three bytes each (ED A0..BF xx). */
export function writeWtf8(sink: ByteSink, text: string): void {
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const isPair = unit < 0xdc00 && at + 1 < text.length && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
    if (isPair) {
      at += 1;
      continue;
    }
    sink.writeString(text.slice(from, at));
    sink.writeByte(0xed);
    sink.writeByte(0x80 | ((unit >> 6) & 0x3f));
    sink.writeByte(0x80 | (unit & 0x3f));
    from = at + 1;
  }
  sink.writeString(text.slice(from));
}
