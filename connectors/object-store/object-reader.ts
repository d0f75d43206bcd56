/** Reading objects: a broken connection is taken up where it broke, and another object under the key is an error. */
import type { Readable } from 'node:stream';
import { giveUp } from '#connectors/network/give-up.ts';
import { takesAtOnce } from '#connectors/network/reused-reads.ts';
import type { Retries } from '#connectors/network/retry.ts';
import type { ObjectSource, PlannedObject } from './store.ts';

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes of each piece. */
  readonly progress?: (bytes: number) => void;
}

/** The bytes `[from, to)` of the object, all of them, as they come from the store. */
export async function* readPieces(
  store: ObjectSource,
  object: PlannedObject,
  { from, to }: { readonly from: number; readonly to: number },
  { signal, progress }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const retries: Retries = store.readRetries(object.key, signal);
  for (let position = from; position < to;) {
    try {
      const range = to === object.size ? { from: position } : { from: position, to };
      for await (const piece of await store.get(object, range, signal)) {
        // More than was asked for: a store that does not know ranges.
        const bytes = piece.subarray(0, to - position);
        position += bytes.length;
        retries.reset();
        progress?.(bytes.length);
        yield bytes;
      }
      if (position < to) throw cutShort();
    } catch (error) {
      await retries.pause(error);
    }
  }
}

/** Fills the target with the bytes from the position on. */
export async function readInto(
  store: ObjectSource,
  object: PlannedObject,
  { from, target }: { readonly from: number; readonly target: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  const retries: Retries = store.readRetries(object.key, signal);
  for (let length = 0; length < target.length;) {
    try {
      const body = await store.get(object, { from: from + length, to: from + target.length }, signal);
      await fill(target.subarray(length), body, (bytes) => {
        length += bytes;
        retries.reset();
      });
    } catch (error) {
      await retries.pause(error);
    }
  }
}

/** Takes the bytes while they come, which costs half of what waiting for piece after piece does. */
function fill(target: Uint8Array, body: Readable, taken: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let length = 0;
    body.on('data', (piece: Buffer) => {
      // More than was asked for: a store that does not know ranges.
      const bytes = piece.length > target.length - length ? piece.subarray(0, target.length - length) : piece;
      target.set(bytes, length);
      length += bytes.length;
      taken(bytes.length);
      takesAtOnce(body);
      if (bytes.length === piece.length) {
        free(piece);
        return;
      }
      giveUp(body);
      resolve();
    });
    body.once('error', reject);
    body.once('end', () => (length === target.length ? resolve() : reject(cutShort())));
    body.once('close', () => reject(cutShort()));
  });
}

/**
 * Frees the memory of a piece that has been taken. Left to the collector it would be tens of megabytes, and the
 * collections would take as long as the copies.
 */
function free({ buffer, length }: Buffer): void {
  // Otherwise it is a part of what others use.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}

function cutShort(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}
