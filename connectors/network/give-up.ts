import type { Readable } from 'node:stream';

/** Closes a stream that nobody reads any more; that it was cut short is no news to anybody. */
export function giveUp(stream: Readable): void {
  stream.on('error', () => {});
  stream.destroy();
}
