import type { ByteSink } from '#spi/byte-sink.ts';

/**
 * Writes canonical JSON the way Embulk's `stdout` output prints it: a string at the top without quotes and escapes;
 * inside, hexadecimal escapes with capitals and characters beyond 16 bits as two escapes.
 */
export function writeMsgpackText(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  if (text.startsWith('"')) {
    sink.writeString(JSON.parse(text) as string);
    return;
  }
  sink.writeString(
    text
      .replace(/\\u00([0-9a-f]{2})/g, (_, hex: string) => `\\u00${hex.toUpperCase()}`)
      .replace(/[\ud800-\udfff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase()}`),
  );
}
