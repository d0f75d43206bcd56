/**
 * Bytes through one of Node's transform streams, which work on threads of their own: while the consumer is busy with
 * a piece, the stream makes the next one. At most one piece is ready and one in the making.
 */
import type { Transform } from 'node:stream';
import type { Bytes } from '#spi/files.ts';

export interface ThroughOptions {
  /** Turns the stream's own errors into ours, and leaves those of the source as they are. */
  readonly translate: (error: unknown, bytesRead: number) => unknown;
}

export async function* throughTransform(
  source: Bytes,
  transform: Transform,
  options: ThroughOptions,
): AsyncGenerator<Uint8Array> {
  const feed = new Feed(source, transform);
  const feeding = feed.run();
  try {
    for await (const chunk of transform) yield chunk as Buffer; // a stream without an encoding
  } catch (error) {
    throw options.translate(error, feed.bytesRead);
  } finally {
    transform.destroy();
    // A source that is asked for more may be stuck; it is closed when it answers. Otherwise it is closed now.
    if (!feed.isPulling) await feeding;
  }
}

/**
 * From the source into the stream: one chunk that it works on, and one more, so that it goes on by itself when it is
 * done with the first; the consumer may be busy then. Never throws: errors come out of the stream.
 */
class Feed {
  bytesRead = 0;
  isPulling = false;
  readonly #source: Bytes;
  readonly #transform: Transform;
  readonly #writes = new Set<() => void>();

  constructor(source: Bytes, transform: Transform) {
    this.#source = source;
    this.#transform = transform;
    // A stream that is destroyed, or that has seen its end before the end of its input, forgets the writes under way.
    transform.once('close', () => {
      for (const end of this.#writes) end();
    });
  }

  async run(): Promise<void> {
    try {
      let written: Promise<void> | undefined;
      for await (const chunk of this.#pulled()) {
        this.bytesRead += chunk.length;
        if (chunk.length === 0) continue;
        // The stream keeps the chunk longer than it is ours.
        const before = written;
        written = this.#write(Buffer.from(chunk));
        await before;
      }
      this.#transform.end();
    } catch (error) {
      this.#transform.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async *#pulled(): AsyncGenerator<Uint8Array> {
    const iterator = this.#source[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.isPulling = true;
        const step = await iterator.next();
        this.isPulling = false;
        if (step.done === true || this.#transform.destroyed) return;
        yield step.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  #write(chunk: Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#writes.add(resolve);
      this.#transform.write(chunk, (error) => {
        this.#writes.delete(resolve);
        if (error) reject(error);
        else resolve();
      });
    });
    // It is awaited after the next one is given; until then its failure waits.
    written.catch(() => {});
    return written;
  }
}
