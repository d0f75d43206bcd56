/** Reading objects: a broken connection is taken up where it broke, and another object under the key is an error. */
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
      if (position < to) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
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
  let length = 0;
  for await (const piece of readPieces(store, object, { from, to: from + target.length }, { signal })) {
    target.set(piece, length);
    length += piece.length;
  }
}
