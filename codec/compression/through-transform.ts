/** Bytes through one of Node's transform streams, pulled from both ends, with nothing left open. */
import { pipeline, Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import type { Bytes } from '#spi/files.ts';

export interface ThroughOptions {
  /** Turns the stream's own errors into ours; errors of the source pass as they are. */
  readonly translate: (error: unknown, bytesRead: number) => unknown;
}

export async function* throughTransform(
  source: Bytes,
  transform: Transform,
  options: ThroughOptions,
): AsyncGenerator<Uint8Array> {
  let bytesRead = 0;
  async function* copied(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      bytesRead += chunk.length;
      // The stream may hold the chunk longer than it is ours to keep.
      if (chunk.length > 0) yield Buffer.from(chunk);
    }
  }
  const input = Readable.from(copied(), { objectMode: false, highWaterMark: 1 });
  // Errors arrive through the iteration below; the callback only keeps them from being unhandled.
  pipeline(input, transform, () => {});
  try {
    for await (const chunk of transform) yield chunk as Buffer;
  } catch (error) {
    throw options.translate(error, bytesRead);
  } finally {
    input.destroy();
    transform.destroy();
  }
}
