/**
 * Reads JSON from UTF-8 bytes as Jackson does, and writes it in canonical form: no white space, keys in order with
 * their duplicates, numbers as Java prints them, escapes undone where JSON does not need them.
 *
 * Beyond strict JSON it accepts raw control characters inside strings. It refuses NaN, integers beyond 64 bits and
 * numbers that overflow. It does not recurse: depth is a counter and a stack of bits.
 */
import type { ByteSink } from '#spi/byte-sink.ts';
import { formatDouble } from '#codec/number/double.ts';

/** Nesting of arrays and objects at most (Jackson's own limit). */
export const JSON_DEPTH_MAX = 1000;
/** Characters of a number at most (Jackson's own limit). */
const NUMBER_LENGTH_MAX = 1000;

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** Why a value was refused. */
export type JsonFault = 'syntax' | 'incomplete' | 'depth' | 'number';

/** Returned by {@link JsonScanner.value} instead of a position when the text is refused. */
export const JSON_REFUSED = -1;

const OBJECT = 1;
const ARRAY = 0;

/**
 * A scanner over bytes. `value` reads one value; afterwards `fault` and `faultAt` tell why it failed, or `type` what
 * it was. With `isFinal` false, a value that touches the end of the bytes is `incomplete`: more may follow.
 */
export class JsonScanner {
  fault: JsonFault = 'syntax';
  faultAt = 0;
  /** The text holds lone surrogates, written as three bytes each (WTF-8). */
  hasSurrogates = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #isFinal = true;
  #sink: ByteSink | undefined;
  readonly #containers = new Uint8Array(JSON_DEPTH_MAX);
  readonly #isInside: boolean;

  /** `isInside`: the values are members of something, so that a comma or a bracket may follow them. */
  constructor({ isInside = false }: { readonly isInside?: boolean } = {}) {
    this.#isInside = isInside;
  }

  /**
   * Reads the first value in `bytes[start, end)`, appends its canonical form to the sink, and returns the position
   * behind it; or JSON_REFUSED, the sink as it was.
   */
  value(bytes: Uint8Array, start: number, end: number, sink: ByteSink, isFinal = true): number {
    this.#bytes = bytes;
    this.#end = end;
    this.#sink = sink;
    this.#isFinal = isFinal;
    this.hasSurrogates = false;
    const length = sink.length;
    const at = this.#run(start);
    if (at < 0) sink.length = length;
    return at;
  }

  // oxlint-disable-next-line complexity -- one machine, read as a whole
  #run(start: number): number {
    let depth = 0;
    let at = this.#space(start);
    for (;;) {
      // A value begins here.
      const byte = at < this.#end ? (this.#bytes[at] as number) : -1; // bounded
      if (byte === 0x7b || byte === 0x5b) {
        if (depth === JSON_DEPTH_MAX) return this.#refuse('depth', at);
        const isObject = byte === 0x7b;
        this.#containers[depth++] = isObject ? OBJECT : ARRAY;
        this.#write(byte);
        at = this.#space(at + 1);
        const closing = isObject ? 0x7d : 0x5d;
        if (this.#bytes[at] !== closing || at >= this.#end) {
          if (isObject) at = this.#key(at);
          if (at < 0) return JSON_REFUSED;
          continue;
        }
      } else {
        at = this.#scalar(at, byte);
        if (at < 0) return JSON_REFUSED;
        if (depth === 0) return this.#afterRootScalar(at, byte);
        at = this.#afterValue(at, depth);
        if (at < 0) return at;
        const next = this.#bytes[at] as number;
        if (next === 0x2c) {
          at = this.#next(at, depth);
          if (at < 0) return JSON_REFUSED;
          continue;
        }
      }
      // At a closing bracket: leave containers until one goes on.
      for (;;) {
        this.#write(this.#bytes[at] as number);
        depth -= 1;
        at += 1;
        if (depth === 0) return at;
        at = this.#afterValue(at, depth);
        if (at < 0) return JSON_REFUSED;
        if (this.#bytes[at] === 0x2c) break;
      }
      at = this.#next(at, depth);
      if (at < 0) return JSON_REFUSED;
    }
  }

  /** A number that is a value by itself ends with white space or with the text, as Jackson has it. */
  #afterRootScalar(at: number, first: number): number {
    const isNumber = first === 0x2d || isDigit(first);
    const isOpen = isNumber && !this.#isInside && at < this.#end && !isJsonSpace(this.#bytes[at] as number); // bounded
    return isOpen ? this.#refuse('syntax', at) : at;
  }

  /** Behind a value inside a container: the position of the comma or of the right closing bracket. */
  #afterValue(start: number, depth: number): number {
    const at = this.#space(start);
    if (at >= this.#end) return this.#refuseAtEnd(at);
    const byte = this.#bytes[at];
    const closing = this.#containers[depth - 1] === OBJECT ? 0x7d : 0x5d;
    return byte === 0x2c || byte === closing ? at : this.#refuse('syntax', at);
  }

  /** From a comma to the next value, through its key in an object. */
  #next(comma: number, depth: number): number {
    this.#write(0x2c);
    const at = this.#space(comma + 1);
    return this.#containers[depth - 1] === OBJECT ? this.#key(at) : at;
  }

  #key(start: number): number {
    if (start >= this.#end) return this.#refuseAtEnd(start);
    if (this.#bytes[start] !== 0x22) return this.#refuse('syntax', start);
    let at = this.#string(start);
    if (at < 0) return at;
    at = this.#space(at);
    if (at >= this.#end) return this.#refuseAtEnd(at);
    if (this.#bytes[at] !== 0x3a) return this.#refuse('syntax', at);
    this.#write(0x3a);
    return this.#space(at + 1);
  }

  #scalar(at: number, byte: number): number {
    if (byte < 0) return this.#refuseAtEnd(at);
    if (byte === 0x22) return this.#string(at);
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.#number(at);
    if (byte === 0x74) return this.#word(at, trueWord);
    if (byte === 0x66) return this.#word(at, falseWord);
    return byte === 0x6e ? this.#word(at, nullWord) : this.#refuse('syntax', at);
  }

  #word(start: number, word: Uint8Array): number {
    for (let index = 0; index < word.length; index++) {
      if (start + index >= this.#end) return this.#refuseAtEnd(start);
      if (this.#bytes[start + index] !== word[index]) return this.#refuse('syntax', start);
    }
    const at = start + word.length;
    if (at < this.#end && isWordByte(this.#bytes[at] as number)) return this.#refuse('syntax', at);
    // More letters may follow in the next piece.
    if (at >= this.#end && !this.#isFinal) return this.#refuseAtEnd(at);
    this.#sink?.writeBytes(word);
    return at;
  }

  // oxlint-disable-next-line complexity -- JSON's grammar of numbers, step by step
  #number(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    if (bytes[at] === 0x2d) at += 1;
    const whole = at;
    while (at < end && isDigit(bytes[at] as number)) at += 1;
    if (at === whole) return at >= end ? this.#refuseAtEnd(at) : this.#refuse('syntax', at);
    if (bytes[whole] === 0x30 && at > whole + 1) return this.#refuse('syntax', whole + 1);
    let isFloat = false;
    if (at < end && bytes[at] === 0x2e) {
      isFloat = true;
      const fraction = ++at;
      while (at < end && isDigit(bytes[at] as number)) at += 1;
      if (at === fraction) return at >= end ? this.#refuseAtEnd(at) : this.#refuse('syntax', at);
    }
    if (at < end && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
      isFloat = true;
      at += 1;
      if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at += 1;
      const exponent = at;
      while (at < end && isDigit(bytes[at] as number)) at += 1;
      if (at === exponent) return at >= end ? this.#refuseAtEnd(at) : this.#refuse('syntax', at);
    }
    if (at >= end && !this.#isFinal) return this.#refuseAtEnd(at);
    if (at < end && (isWordByte(bytes[at] as number) || bytes[at] === 0x2e)) return this.#refuse('syntax', at);
    return this.#writeNumber(start, at, isFloat) ? at : this.#refuse('number', start);
  }

  #writeNumber(start: number, end: number, isFloat: boolean): boolean {
    if (end - start > NUMBER_LENGTH_MAX) return false;
    // Up to 15 digits are exact; only minus zero prints otherwise.
    const isMinusZero = end - start === 2 && this.#bytes[start] === 0x2d && this.#bytes[start + 1] === 0x30;
    if (!isFloat && end - start <= 15 && !isMinusZero) {
      this.#sink?.writeBytes(this.#bytes, start, end);
      return true;
    }
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString('latin1');
    if (isFloat) {
      const value = Number(text);
      if (!Number.isFinite(value)) return false;
      this.#sink?.writeAscii(formatDouble(value));
      return true;
    }
    const value = BigInt(text);
    if (value < LONG_MIN || value > LONG_MAX) return false;
    this.#sink?.writeAscii(String(value));
    return true;
  }

  #string(start: number): number {
    const bytes = this.#bytes;
    const sink = this.#sink;
    let at = start + 1;
    let from = at;
    this.#write(0x22);
    for (;;) {
      if (at >= this.#end) return this.#refuseAtEnd(at);
      const byte = bytes[at] as number;
      if (byte === 0x22) {
        sink?.writeBytes(bytes, from, at);
        this.#write(0x22);
        return at + 1;
      }
      if (byte === 0x5c) {
        sink?.writeBytes(bytes, from, at);
        at = this.#escape(at);
        if (at < 0) return at;
        from = at;
      } else if (byte < 0x20) {
        sink?.writeBytes(bytes, from, at);
        if (sink) writeEscaped(sink, byte);
        at += 1;
        from = at;
      } else {
        at += 1;
      }
    }
  }

  /** An escape: its character is written, escaped again when JSON needs it. */
  #escape(start: number): number {
    const sink = this.#sink;
    if (start + 1 >= this.#end) return this.#refuseAtEnd(start + 1);
    const byte = this.#bytes[start + 1] as number;
    if (byte === 0x75) return this.#unicodeEscape(start);
    const code = simpleEscapes[byte] ?? 0;
    if (code === 0) return this.#refuse('syntax', start + 1);
    if (sink) writeEscaped(sink, code);
    return start + 2;
  }

  #unicodeEscape(start: number): number {
    const unit = this.#hex(start + 2);
    if (unit < 0) return JSON_REFUSED;
    let at = start + 6;
    let code = unit;
    if (unit >= 0xd800 && unit <= 0xdbff) {
      // A pair is one character; whether there is one must be known before going on.
      if (!this.#isFinal && at + 6 > this.#end) return this.#refuseAtEnd(this.#end);
      if (this.#bytes[at] === 0x5c && this.#bytes[at + 1] === 0x75 && at + 6 <= this.#end) {
        const low = this.#hex(at + 2);
        if (low < 0) return JSON_REFUSED;
        if (low >= 0xdc00 && low <= 0xdfff) {
          code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        }
      }
    }
    if (code >= 0xd800 && code <= 0xdfff) this.hasSurrogates = true;
    const sink = this.#sink;
    if (sink) writeCodePoint(sink, code);
    return at;
  }

  #hex(start: number): number {
    let value = 0;
    for (let at = start; at < start + 4; at++) {
      if (at >= this.#end) return this.#refuseAtEnd(at);
      const digit = hexDigit(this.#bytes[at] as number);
      if (digit < 0) return this.#refuse('syntax', at);
      value = value * 16 + digit;
    }
    return value;
  }

  #space(start: number): number {
    let at = start;
    while (at < this.#end && isJsonSpace(this.#bytes[at] as number)) at += 1;
    return at;
  }

  #write(byte: number): void {
    this.#sink?.writeByte(byte);
  }

  #refuseAtEnd(at: number): number {
    return this.#refuse('incomplete', at);
  }

  #refuse(fault: JsonFault, at: number): number {
    this.fault = fault;
    this.faultAt = at;
    return JSON_REFUSED;
  }
}

const trueWord = new TextEncoder().encode('true');
const falseWord = new TextEncoder().encode('false');
const nullWord = new TextEncoder().encode('null');

/** Escape letters and what they stand for. */
const simpleEscapes: Readonly<Record<number, number>> = {
  0x22: 0x22,
  0x5c: 0x5c,
  0x2f: 0x2f,
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
};

const hexDigits = new TextEncoder().encode('0123456789abcdef');
/** `\b`, `\t`, `\n`, `\f`, `\r`. */
const shortEscapes: Readonly<Record<number, number>> = { 0x08: 0x62, 0x09: 0x74, 0x0a: 0x6e, 0x0c: 0x66, 0x0d: 0x72 };

/** Writes an ASCII character into a JSON string, escaped when it must be. */
export function writeEscaped(sink: ByteSink, code: number): void {
  if (code === 0x22 || code === 0x5c) {
    sink.writeByte(0x5c);
    sink.writeByte(code);
    return;
  }
  if (code >= 0x20) {
    sink.writeByte(code);
    return;
  }
  sink.writeByte(0x5c);
  const short = shortEscapes[code];
  if (short !== undefined) {
    sink.writeByte(short);
    return;
  }
  sink.writeAscii('u00');
  sink.writeByte(hexDigits[code >> 4] as number); // below 0x20: two digits
  sink.writeByte(hexDigits[code & 15] as number);
}

function writeCodePoint(sink: ByteSink, code: number): void {
  if (code < 0x80) {
    writeEscaped(sink, code);
  } else if (code < 0x800) {
    sink.writeByte(0xc0 | (code >> 6));
    sink.writeByte(0x80 | (code & 63));
  } else if (code < 0x10000) {
    sink.writeByte(0xe0 | (code >> 12));
    sink.writeByte(0x80 | ((code >> 6) & 63));
    sink.writeByte(0x80 | (code & 63));
  } else {
    sink.writeByte(0xf0 | (code >> 18));
    sink.writeByte(0x80 | ((code >> 12) & 63));
    sink.writeByte(0x80 | ((code >> 6) & 63));
    sink.writeByte(0x80 | (code & 63));
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Bytes that may not follow a number or a word directly. */
function isWordByte(byte: number): boolean {
  return isDigit(byte) || byte >= 0x80 || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || byte === 0x5f;
}

export function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
