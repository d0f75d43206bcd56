/** Names of files in archives: bytes whose charset is often told nowhere. */
import { isUtf8 } from 'node:buffer';
import { charsetDecoder } from '#codec/charset/decoder.ts';

/** UTF-8 where it can be, else the charset given. */
export function entryName(bytes: Uint8Array, charset: string): string {
  const text = isUtf8(bytes) ? bytes : charsetDecoder(charset).decode(bytes, true);
  return Buffer.from(text).toString('utf8');
}

/** What macOS adds to archives: attributes of other files, by their names. */
export function isAppleDouble(name: string): boolean {
  return name.startsWith('__MACOSX/') || /(?:^|\/)\._[^/]*$/.test(name);
}
