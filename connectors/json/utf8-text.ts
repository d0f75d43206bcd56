/** JSON text of any of its encodings as UTF-8: by its byte order mark, or by where the zeros are in its first bytes. */
import { isUtf8 } from 'node:buffer';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { utf8TailLength } from '#codec/charset/utf8-repair.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import type { Bytes } from '#spi/files.ts';

export interface TextChunk {
  readonly chunk: Uint8Array;
  readonly isLast: boolean;
}

const nothing = new Uint8Array(0);

export async function* utf8Text(bytes: Bytes): AsyncGenerator<TextChunk> {
  let head: Uint8Array = nothing;
  let decode: ((chunk: Uint8Array, isLast: boolean) => Uint8Array) | undefined;
  for await (const chunk of bytes) {
    if (decode === undefined) {
      head = head.length === 0 ? new Uint8Array(chunk) : Buffer.concat([head, chunk]);
      if (head.length < 4) continue;
      const begun = begin(head);
      ({ decode } = begun);
      yield { chunk: decode(begun.rest, false), isLast: false };
    } else {
      yield { chunk: decode(chunk, false), isLast: false };
    }
  }
  if (decode === undefined) {
    const begun = begin(head);
    yield { chunk: begun.decode(begun.rest, true), isLast: true };
  } else {
    yield { chunk: decode(nothing, true), isLast: true };
  }
}

function begin(head: Uint8Array): { decode: (chunk: Uint8Array, isLast: boolean) => Uint8Array; rest: Uint8Array } {
  const encoding = detect(head);
  if (encoding === 'UTF-8') {
    const hasMark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
    return { decode: strictUtf8(), rest: hasMark ? head.subarray(3) : head };
  }
  const decoder = charsetDecoder(encoding);
  return { decode: (chunk, isLast) => decoder.decode(chunk, isLast), rest: head };
}

// oxlint-disable-next-line complexity -- a table of first bytes
function detect(head: Uint8Array): string {
  const [a = 1, b = 1, c = 1, d = 1] = head;
  if (a === 0 && b === 0 && ((c === 0xfe && d === 0xff) || c === 0)) return 'UTF-32';
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32' : 'UTF-16';
  if (a === 0xfe && b === 0xff) return 'UTF-16';
  if (b === 0 && c === 0 && d === 0) return 'UTF-32LE';
  if (a === 0 && b !== 0) return 'UTF-16BE';
  return b === 0 ? 'UTF-16LE' : 'UTF-8';
}

/** Broken UTF-8 makes JSON unreadable; replacing would hide it. */
function strictUtf8(): (chunk: Uint8Array, isLast: boolean) => Uint8Array {
  let leftover: Uint8Array = nothing;
  return (chunk, isLast) => {
    const bytes = leftover.length === 0 ? chunk : Buffer.concat([leftover, chunk]);
    const tail = isLast ? 0 : utf8TailLength(bytes);
    const whole = bytes.subarray(0, bytes.length - tail);
    leftover = new Uint8Array(bytes.subarray(bytes.length - tail));
    if (!isUtf8(whole)) throw jsonErrors.error('JSON_NOT_UTF8');
    return whole;
  };
}
