/** JSON values one after the other, out of text that arrives in pieces. One value is in memory at a time. */
import { ByteSink } from '#spi/byte-sink.ts';
import { JSON_REFUSED, JsonScanner } from './scanner.ts';
import { JsonTextBuffer } from './text-buffer.ts';

/** A value that is not whole is tried again when its text has grown by half: the work stays linear. */
export const RETRY_GROWTH = 1.5;

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
  readonly #buffer = new JsonTextBuffer();
  #retryAt = 0;
  #valueCount = 0;

  get valueCount(): number {
    return this.#valueCount;
  }

  /** The values that the text so far completes. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<JsonValue> {
    const buffer = this.#buffer;
    buffer.append(chunk);
    for (;;) {
      buffer.skipSpace();
      if (buffer.start >= buffer.end || (!isLast && buffer.end - buffer.start < this.#retryAt)) return;
      this.#value.clear();
      const after = this.#scanner.value(buffer.text, buffer.start, buffer.end, this.#value, isLast);
      if (after === JSON_REFUSED) {
        if (this.#scanner.fault === 'incomplete' && !isLast) {
          this.#retryAt = Math.ceil((buffer.end - buffer.start) * RETRY_GROWTH);
          buffer.checkLength();
          return;
        }
        throw buffer.error(this.#scanner);
      }
      const { line } = buffer;
      buffer.advance(after);
      this.#retryAt = 0;
      this.#valueCount += 1;
      yield { bytes: this.#value.view(), hasSurrogates: this.#scanner.hasSurrogates, line };
    }
  }
}
