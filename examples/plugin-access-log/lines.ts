/** Bytes to lines. */
import type { Bytes } from 'ropeway/spi/files.js';
import { accessLogErrors } from './errors.ts';

/** A line is held as a whole: there must be an end to it. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 10;

/** Chunks end anywhere, within a character too, and are lent: what is kept of one is copied. */
export async function* linesOf(bytes: Bytes, file: string): AsyncGenerator<string> {
  let kept = Buffer.alloc(0);
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield textOf(Buffer.concat([kept, chunk.subarray(from, end)]));
      kept = Buffer.alloc(0);
      from = end + 1;
    }
    kept = Buffer.concat([kept, chunk.subarray(from)]);
    if (kept.length > LINE_BYTES_MAX) {
      throw accessLogErrors.error('ACCESS_LOG_LINE_TOO_LONG', { limit: LINE_BYTES_MAX }, { where: { file } });
    }
  }
  if (kept.length > 0) yield textOf(kept);
}

function textOf(line: Buffer): string {
  return line.toString('utf8').replace(/\r$/, '');
}
