/** Makes chunks of lines: NDJSON, packed, none larger than the control plane takes. */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { LOG_CHUNK_BYTES_MAX } from '#api/runner.ts';
import type { RunnerLogLine } from '#api/runner.ts';
import { addHoldings, holdsNothing } from './gap.ts';
import type { Holding } from './gap.ts';
import type { Chunk } from './spool.ts';

const pack = promisify(gzip);
/** Before packing: it becomes a quarter or less of that, mostly. */
const BATCH_BYTES_MAX = 1024 * 1024;

interface Packable {
  readonly text: string;
  readonly holds: Holding;
}

export class Packer {
  readonly #add: (chunk: Chunk, holds: Holding) => Promise<void>;
  #lines: Packable[] = [];
  #size = 0;
  /** Chunks are made one after the other: lines stay in order. */
  #packing: Promise<void> = Promise.resolve();

  constructor(add: (chunk: Chunk, holds: Holding) => Promise<void>) {
    this.#add = add;
  }

  /** `holds`: what the line stands for, if it is lost. */
  push(line: RunnerLogLine, holds: Holding): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push({ text, holds });
    this.#size += text.length;
  }

  get isFull(): boolean {
    return this.#size >= BATCH_BYTES_MAX;
  }

  flush(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    this.#size = 0;
    if (lines.length > 0) this.#packing = this.#packing.then(() => this.#send(lines));
    return this.#packing;
  }

  async #send(lines: readonly Packable[]): Promise<void> {
    const chunk = await packLines(lines.map(({ text }) => text));
    if (chunk.packed.length <= LOG_CHUNK_BYTES_MAX) {
      return this.#add(chunk, lines.map(({ holds }) => holds).reduce(addHoldings, holdsNothing));
    }
    // A line alone is far smaller than a chunk.
    const half = Math.ceil(lines.length / 2);
    await this.#send(lines.slice(0, half));
    await this.#send(lines.slice(half));
  }
}

export async function packLines(lines: readonly string[]): Promise<Chunk> {
  const packed = await pack(lines.join(''), { level: constants.Z_BEST_SPEED });
  return { packed, lineCount: lines.length };
}
