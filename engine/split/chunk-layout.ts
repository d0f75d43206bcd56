/**
 * How a file is divided. Blocks of fixed size go to the outputs of the task in turn; chunks are what a thread takes
 * at a time, and lie within blocks. So which output a record goes to does not depend on the size of chunks.
 */

/** Bytes of the text that go to one output before it is the next one's turn; also the largest chunk. */
export const BLOCK_BYTES: number = 1024 * 1024;

export interface ChunkRange {
  readonly from: number;
  readonly to: number;
  /** The output that its records go to. */
  readonly lane: number;
}

export class ChunkLayout {
  /** Chunks of the file; further ones, behind its end, have ranges, too. */
  readonly chunkCount: number;
  readonly #chunkBytes: number;
  readonly #chunksPerBlock: number;
  readonly #laneCount: number;

  constructor(sizeBytes: number, options: { readonly chunkBytes: number; readonly laneCount: number }) {
    this.#chunkBytes = Math.min(options.chunkBytes, BLOCK_BYTES);
    this.#chunksPerBlock = Math.ceil(BLOCK_BYTES / this.#chunkBytes);
    this.#laneCount = options.laneCount;
    const blocks = Math.floor(sizeBytes / BLOCK_BYTES);
    this.chunkCount = blocks * this.#chunksPerBlock + Math.ceil((sizeBytes - blocks * BLOCK_BYTES) / this.#chunkBytes);
  }

  range(chunk: number): ChunkRange {
    const block = Math.floor(chunk / this.#chunksPerBlock);
    const from = block * BLOCK_BYTES + (chunk % this.#chunksPerBlock) * this.#chunkBytes;
    const to = Math.min(from + this.#chunkBytes, (block + 1) * BLOCK_BYTES);
    return { from, to, lane: block % this.#laneCount };
  }
}
