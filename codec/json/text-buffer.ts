/** JSON text that arrives in pieces: what is still to be read lies together, and places in it have lines. */
import { jsonErrors } from './errors.ts';
import type { JsonScanner } from './scanner.ts';
import { isJsonSpace } from './scanner.ts';

/** Bytes of one value at most. */
export const JSON_VALUE_BYTES_MAX = 128 * 1024 * 1024;

export class JsonTextBuffer {
  text = new Uint8Array(0);
  /** The text still to be read is `text[start, end)`. */
  start = 0;
  end = 0;
  /** Physical line of `start`, from 1. */
  line = 1;
  #bytesBefore = 0;

  append(chunk: Uint8Array): void {
    const kept = this.end - this.start;
    const needed = kept + chunk.length;
    if (needed > this.text.length) {
      const grown = new Uint8Array(Math.max(needed, kept === 0 ? needed : this.text.length * 2));
      grown.set(this.text.subarray(this.start, this.end));
      this.text = grown;
    } else {
      this.text.copyWithin(0, this.start, this.end);
    }
    this.text.set(chunk, kept);
    this.#bytesBefore += this.start;
    this.start = 0;
    this.end = needed;
  }

  skipSpace(): void {
    let at = this.start;
    while (at < this.end && isJsonSpace(this.text[at] as number)) at += 1; // bounded
    this.advance(at);
  }

  advance(to: number): void {
    for (let at = this.start; at < to; at++) if (this.text[at] === 0x0a) this.line += 1;
    this.start = to;
  }

  /** Throws when what is still to be read is longer than a value may be. */
  checkLength(): void {
    if (this.end - this.start <= JSON_VALUE_BYTES_MAX) return;
    throw jsonErrors.error('JSON_VALUE_TOO_LONG', { limit: JSON_VALUE_BYTES_MAX }, { where: { line: this.line } });
  }

  /** The error of a scanner that refused the text at `start`. */
  error({ fault, faultAt }: Pick<JsonScanner, 'fault' | 'faultAt'>): Error {
    let { line } = this;
    let lineStart = this.start;
    for (let at = this.start; at < faultAt; at++) {
      if (this.text[at] !== 0x0a) continue;
      line += 1;
      lineStart = at + 1;
    }
    const character =
      faultAt < this.end ? JSON.stringify(String.fromCharCode(this.text[faultAt] as number)) : 'the end';
    const reasons = {
      syntax: `${character} is not expected here`,
      incomplete: 'it ends in the middle of a value',
      depth: 'arrays and objects are nested too deeply',
      number: 'the number does not fit into 64 bits, or is infinite',
    };
    const where = { line, column: faultAt - lineStart + 1, byte: this.#bytesBefore + faultAt };
    return jsonErrors.error('JSON_SYNTAX', { reason: reasons[fault] }, { where });
  }
}
