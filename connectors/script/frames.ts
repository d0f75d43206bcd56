/** Frames on the side of the script's process, which reads and writes without ever waiting for an event. */
import { readSync, writeSync } from 'node:fs';

const HEAD_BYTES = 4;

/** The next text; undefined when the other side has closed. */
export function readFrame(descriptor: number): string | undefined {
  const head = readBytes(descriptor, HEAD_BYTES);
  if (head === undefined) return undefined;
  return readBytes(descriptor, head.readUInt32LE(0))?.toString('utf8');
}

function readBytes(descriptor: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const count = readSync(descriptor, bytes, at, length - at, null);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

export function writeFrame(descriptor: number, text: string): void {
  const bytes = frameOf(text);
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

/** The frame of a text. Lone surrogates are not to be in it: JSON writes them as escapes. */
export function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + length);
  bytes.writeUInt32LE(length, 0);
  bytes.write(text, HEAD_BYTES);
  return bytes;
}

/** Puts frames together from what arrives. */
export class FrameReader {
  readonly #lengthMax: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** The text of a whole frame, if this chunk ends one. Only one is ever under way. */
  push(chunk: Buffer): string | undefined {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < HEAD_BYTES) return undefined;
    const needed = HEAD_BYTES + this.#head().readUInt32LE(0);
    if (needed > this.#lengthMax) throw new RangeError(`a frame of ${needed} bytes`);
    if (this.#length < needed) return undefined;
    const text = Buffer.concat(this.#chunks).toString('utf8', HEAD_BYTES, needed);
    this.#chunks = [];
    this.#length = 0;
    return text;
  }

  /** The first bytes in one piece. */
  #head(): Buffer {
    let [first] = this.#chunks;
    if (first === undefined || first.length < HEAD_BYTES) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    return first;
  }
}
