/**
 * Values that a path leads to, out of documents that arrive in pieces. Only such a value is in memory as a whole: what
 * surrounds it is read token by token, and checked as it goes by.
 */
import { ByteSink } from '#spi/byte-sink.ts';
import { jsonErrors } from './errors.ts';
import { equalsAt } from './navigate.ts';
import { isManifold } from './path.ts';
import type { JsonPath, JsonStep } from './path.ts';
import { jsonTypeName } from './record-columns.ts';
import { isJsonSpace, JSON_DEPTH_MAX, JSON_REFUSED, JsonScanner } from './scanner.ts';
import type { JsonFault } from './scanner.ts';
import { JsonTextBuffer } from './text-buffer.ts';
import { RETRY_GROWTH } from './value-stream.ts';
import type { JsonValue } from './value-stream.ts';

/** A container that the stream is in. */
interface Frame {
  readonly isObject: boolean;
  /** Steps of the path that lead to it; -1 when it is elsewhere. */
  readonly matched: number;
  /** The step that leads on from it has found its member. */
  isTaken: boolean;
  /** Of the next element. */
  index: number;
}

/** What is expected next. */
type Expected = 'value' | 'first' | 'key' | 'colon' | 'after';

/** More text is needed. */
const MORE = Symbol('more');

const ELSEWHERE = -1;

/**
 * A path that leads to one place leads to an array, whose elements are the values; one with `[*]` in it leads to the
 * values themselves. Of several members of one name the first counts.
 */
export class JsonPathStream {
  readonly #path: JsonPath;
  readonly #steps: readonly JsonStep[];
  readonly #isManifold: boolean;
  readonly #scanner = new JsonScanner({ isInside: true });
  readonly #value = new ByteSink();
  readonly #buffer = new JsonTextBuffer();
  readonly #frames: Frame[] = [];
  #expected: Expected = 'value';
  /** Steps that lead to the value expected. */
  #matched = 0;
  #isFound = false;
  #isLast = false;
  #retryAt = 0;
  #valueCount = 0;

  constructor(path: JsonPath) {
    this.#path = path;
    this.#isManifold = isManifold(path);
    this.#steps = this.#isManifold ? path.steps : [...path.steps, { kind: 'all' }];
  }

  get valueCount(): number {
    return this.#valueCount;
  }

  /** The values that the text so far completes. */
  *read(chunk: Uint8Array, isLast: boolean): Generator<JsonValue> {
    const buffer = this.#buffer;
    buffer.append(chunk);
    this.#isLast = isLast;
    for (;;) {
      buffer.skipSpace();
      if (buffer.start >= buffer.end) {
        // Between two documents there may be an end.
        if (isLast && (this.#frames.length > 0 || this.#expected !== 'value')) throw this.#error('incomplete');
        return;
      }
      if (!isLast && buffer.end - buffer.start < this.#retryAt) return;
      const found = this.#step();
      if (found === MORE) return;
      if (found !== undefined) yield found;
    }
  }

  /** Reads a token, or a value that the path leads to. */
  #step(): JsonValue | typeof MORE | undefined {
    const byte = this.#buffer.text[this.#buffer.start] as number; // there is text
    switch (this.#expected) {
      case 'value':
        return this.#readValue(byte);
      case 'first': {
        const frame = this.#frames.at(-1);
        if (byte === (frame?.isObject === true ? 0x7d : 0x5d)) return this.#leave();
        this.#expected = frame?.isObject === true ? 'key' : 'value';
        if (frame?.isObject === false) this.#matched = this.#matchElement(frame);
        return undefined;
      }
      case 'key':
        return this.#readKey(byte);
      case 'colon':
        if (byte !== 0x3a) throw this.#error('syntax');
        this.#expected = 'value';
        this.#buffer.advance(this.#buffer.start + 1);
        return undefined;
      case 'after':
        return this.#readAfter(byte);
    }
  }

  #readValue(byte: number): JsonValue | typeof MORE | undefined {
    const matched = this.#matched;
    const isContainer = byte === 0x7b || byte === 0x5b;
    if (matched === this.#steps.length) return this.#record();
    if (!this.#isManifold && matched === this.#steps.length - 1) {
      this.#isFound = true;
      if (byte !== 0x5b) throw this.#notAnArray();
    }
    if (!isContainer) return this.#scan() === MORE ? MORE : this.#leaveValue();
    if (this.#frames.length === JSON_DEPTH_MAX) throw this.#error('depth');
    this.#frames.push({ isObject: byte === 0x7b, matched, isTaken: false, index: 0 });
    this.#expected = 'first';
    this.#buffer.advance(this.#buffer.start + 1);
    return undefined;
  }

  #record(): JsonValue | typeof MORE {
    const { line } = this.#buffer;
    if (this.#scan() === MORE) return MORE;
    this.#leaveValue();
    this.#valueCount += 1;
    return { bytes: this.#value.view(), hasSurrogates: this.#scanner.hasSurrogates, line };
  }

  /** Reads a whole value, canonical, and goes behind it. */
  #scan(): typeof MORE | undefined {
    const buffer = this.#buffer;
    this.#value.clear();
    const after = this.#scanner.value(buffer.text, buffer.start, buffer.end, this.#value, this.#isLast);
    if (after === JSON_REFUSED) {
      if (this.#scanner.fault !== 'incomplete' || this.#isLast) throw buffer.error(this.#scanner);
      this.#retryAt = Math.ceil((buffer.end - buffer.start) * RETRY_GROWTH);
      buffer.checkLength();
      return MORE;
    }
    // A document that is a number goes as far as the next space.
    const isOpen = this.#frames.length === 0 && after < buffer.end && !isJsonSpace(buffer.text[after] as number);
    if (isOpen && !/^["[{]/.test(String.fromCharCode(buffer.text[buffer.start] as number))) {
      throw buffer.error({ fault: 'syntax', faultAt: after });
    }
    buffer.advance(after);
    this.#retryAt = 0;
    return undefined;
  }

  #readKey(byte: number): typeof MORE | undefined {
    if (byte !== 0x22) throw this.#error('syntax');
    if (this.#scan() === MORE) return MORE;
    const frame = this.#frames.at(-1);
    this.#matched = frame === undefined ? ELSEWHERE : this.#matchMember(frame);
    this.#expected = 'colon';
    return undefined;
  }

  #readAfter(byte: number): undefined {
    const frame = this.#frames.at(-1);
    if (byte !== 0x2c) {
      if (byte !== (frame?.isObject === true ? 0x7d : 0x5d)) throw this.#error('syntax');
      return this.#leave();
    }
    this.#buffer.advance(this.#buffer.start + 1);
    this.#expected = frame?.isObject === true ? 'key' : 'value';
    if (frame?.isObject === false) this.#matched = this.#matchElement(frame);
    return undefined;
  }

  /** Steps that lead to the member whose key was read last. */
  #matchMember(frame: Frame): number {
    const step = this.#steps[frame.matched];
    if (frame.matched === ELSEWHERE || step === undefined || step.kind === 'index') return ELSEWHERE;
    if (step.kind === 'all') return frame.matched + 1;
    const key = this.#value.view();
    if (frame.isTaken || key.length !== step.key.length || !equalsAt(key, 0, step.key)) return ELSEWHERE;
    frame.isTaken = true;
    return frame.matched + 1;
  }

  #matchElement(frame: Frame): number {
    const index = frame.index++;
    const step = this.#steps[frame.matched];
    const isOnPath = step?.kind === 'all' || (step?.kind === 'index' && step.index === index);
    return frame.matched !== ELSEWHERE && isOnPath ? frame.matched + 1 : ELSEWHERE;
  }

  /** Goes behind a closing bracket. */
  #leave(): undefined {
    this.#frames.pop();
    this.#buffer.advance(this.#buffer.start + 1);
    return this.#leaveValue();
  }

  /** A value has been read. At the end of a document its root must have been found, and another one may follow. */
  #leaveValue(): undefined {
    if (this.#frames.length > 0) {
      this.#expected = 'after';
      return undefined;
    }
    if (!this.#isFound && !this.#isManifold) {
      const where = { line: this.#buffer.line };
      throw jsonErrors.error('JSON_PATH_NOT_FOUND', { root: this.#path.text }, { where });
    }
    this.#expected = 'value';
    this.#matched = 0;
    this.#isFound = false;
    return undefined;
  }

  #notAnArray(): Error {
    const { text, start, line } = this.#buffer;
    const params = { root: this.#path.text, type: jsonTypeName(text, start) };
    return jsonErrors.error('JSON_PATH_NOT_AN_ARRAY', params, { where: { line } });
  }

  #error(fault: JsonFault): Error {
    return this.#buffer.error({ fault, faultAt: this.#buffer.start });
  }
}
