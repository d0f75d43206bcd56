/** The second half of the pipelines on JavaScript parsers: records to JSON lines to gzip to a file. */
import { createWriteStream } from 'node:fs';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';

const LINES_CHARACTERS = 1 << 16;

/** Fast settings: level 1, the most memory zlib knows, large pieces. */
export function fastGzip(): Gzip {
  return createGzip({ level: 1, memLevel: 9, chunkSize: 256 * 1024 });
}

/** What is written into it arrives, compressed, in the file. */
export function gzipFile(path: string): { readonly entry: Writable; readonly done: Promise<void> } {
  const entry = fastGzip();
  return { entry, done: pipeline(entry, createWriteStream(path)) };
}

export class LinesOfObjects extends Transform {
  #pending = '';

  constructor() {
    super({ writableObjectMode: true });
  }

  override _transform(record: unknown, _encoding: BufferEncoding, done: (error: null, text?: string) => void): void {
    this.#pending += `${JSON.stringify(record)}\n`;
    if (this.#pending.length < LINES_CHARACTERS) {
      done(null);
      return;
    }
    const text = this.#pending;
    this.#pending = '';
    done(null, text);
  }

  override _flush(done: (error: null, text: string) => void): void {
    done(null, this.#pending);
  }
}
