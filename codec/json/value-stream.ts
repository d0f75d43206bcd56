/** JSON values one after the other, out of text that arrives in pieces. One value is in memory at a time. */
import { ByteSink } from '#spi/byte-sink.ts';
import { jsonErrors } from './errors.ts';
import { isJsonSpace, JSON_REFUSED, JsonScanner } from './scanner.ts';

/** Bytes of one value at most. */
export const JSON_VALUE_BYTES_MAX = 128 * 1024 * 1024;
/** A value that is not whole is tried again when its text has grown by half: the work stays linear. */
const RETRY_GROWTH = 1.5;

/** A value in canonical form; the bytes are borrowed until the next one. */
export interface JsonValue {
  readonly bytes: Uint8Array;
  readonly hasSurrogates: boolean;
  /** Physical line on which it begins, from 1. */
  readonly line: number;
}

export class JsonValueStream {
  readonly #scanner = new JsonScanner();
  readonly #value = new ByteSink();
  #text = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #retryAt = 0;
  #line = 1;
  #bytesBefore = 0;
  #valueCount = 0;

  get valueCount(): number {
    return this.#valueCount;
  }

  /** The values that the text so far completes. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<JsonValue> {
    this.#append(chunk);
    for (;;) {
      this.#skipSpace();
      if (this.#start >= this.#end || (!isLast && this.#end - this.#start < this.#retryAt)) return;
      this.#value.clear();
      const after = this.#scanner.value(this.#text, this.#start, this.#end, this.#value, isLast);
      if (after === JSON_REFUSED) {
        if (this.#scanner.fault === 'incomplete' && !isLast) {
          this.#retryAt = Math.ceil((this.#end - this.#start) * RETRY_GROWTH);
          this.#checkLength();
          return;
        }
        throw this.#error();
      }
      const line = this.#line;
      this.#advance(after);
      this.#retryAt = 0;
      this.#valueCount += 1;
      yield { bytes: this.#value.view(), hasSurrogates: this.#scanner.hasSurrogates, line };
    }
  }

  #append(chunk: Uint8Array): void {
    const kept = this.#end - this.#start;
    const needed = kept + chunk.length;
    if (needed > this.#text.length) {
      const grown = new Uint8Array(Math.max(needed, kept === 0 ? needed : this.#text.length * 2));
      grown.set(this.#text.subarray(this.#start, this.#end));
      this.#text = grown;
    } else {
      this.#text.copyWithin(0, this.#start, this.#end);
    }
    this.#text.set(chunk, kept);
    this.#bytesBefore += this.#start;
    this.#start = 0;
    this.#end = needed;
  }

  #skipSpace(): void {
    let at = this.#start;
    while (at < this.#end && isJsonSpace(this.#text[at] as number)) at += 1; // bounded
    this.#advance(at);
  }

  #advance(to: number): void {
    for (let at = this.#start; at < to; at++) if (this.#text[at] === 0x0a) this.#line += 1;
    this.#start = to;
  }

  #checkLength(): void {
    if (this.#end - this.#start <= JSON_VALUE_BYTES_MAX) return;
    throw jsonErrors.error('JSON_VALUE_TOO_LONG', { limit: JSON_VALUE_BYTES_MAX }, { where: { line: this.#line } });
  }

  #error(): Error {
    const { fault, faultAt } = this.#scanner;
    let line = this.#line;
    let lineStart = this.#start;
    for (let at = this.#start; at < faultAt; at++) {
      if (this.#text[at] !== 0x0a) continue;
      line += 1;
      lineStart = at + 1;
    }
    const character =
      faultAt < this.#end ? JSON.stringify(String.fromCharCode(this.#text[faultAt] as number)) : 'the end';
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
