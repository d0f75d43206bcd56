/**
 * What has been printed and not looked at yet. A process that prints faster than its lines can be dealt with is not
 * held up: the beginning and the end are kept, the middle is counted and let go.
 */
import type { LostBytes } from './line-splitter.ts';

export const BACKLOG_BYTES_MAX = 16 * 1024 * 1024;
const HEAD_BYTES = 1024 * 1024;
const TAIL_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

export class Backlog {
  #before: Buffer[] = [];
  #lost: LostBytes | undefined;
  #after: Buffer[] = [];
  /** Bytes of the list that grows: behind the gap, if there is one. */
  #growing = 0;

  push(chunk: Buffer): void {
    (this.#lost === undefined ? this.#before : this.#after).push(chunk);
    this.#growing += chunk.length;
    if (this.#growing > BACKLOG_BYTES_MAX) this.#drop();
  }

  /** The oldest. */
  shift(): Buffer | LostBytes | undefined {
    const chunk = this.#before.shift();
    if (chunk !== undefined) {
      if (this.#lost === undefined) this.#growing -= chunk.length;
      return chunk;
    }
    const lost = this.#lost;
    if (lost === undefined) return undefined;
    this.#before = this.#after;
    this.#after = [];
    this.#lost = undefined;
    return lost;
  }

  #drop(): void {
    const chunks = this.#lost === undefined ? this.#before : this.#after;
    let first = 0;
    if (this.#lost === undefined) {
      for (let kept = 0; kept < HEAD_BYTES && first < chunks.length; first += 1) kept += chunks[first]?.length ?? 0;
    }
    let last = chunks.length;
    let tail = 0;
    while (last > first && tail < TAIL_BYTES) {
      last -= 1;
      tail += chunks[last]?.length ?? 0;
    }
    for (const chunk of chunks.slice(first, last)) this.#lost = withLost(this.#lost, chunk);
    if (this.#lost === undefined) return;
    this.#after = chunks.slice(last);
    if (chunks === this.#before) this.#before = chunks.slice(0, first);
    this.#growing = tail;
  }
}

function withLost(lost: LostBytes | undefined, chunk: Buffer): LostBytes {
  return {
    bytes: (lost?.bytes ?? 0) + chunk.length,
    newlines: (lost?.newlines ?? 0) + newlinesIn(chunk),
    endsWithNewline: chunk[chunk.length - 1] === NEWLINE,
  };
}

function newlinesIn(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
