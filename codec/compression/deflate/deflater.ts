/**
 * Compresses one piece at a time, in blocks of a fixed size, so that the result does not depend on how the bytes
 * arrive. From the begin of a piece to its end it has a kernel; between pieces others have it.
 */
import { crc32 } from 'node:zlib';
import { assert } from '#spi/assert.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { BlockWriter } from './block-writer.ts';
import { borrowKernel, returnKernel } from './kernel.ts';
import type { DeflateKernel } from './kernel.ts';
import type { DeflateModel } from './model.ts';

/** At least so much room for what is set aside. */
const ASIDE_BYTES = 4 * 1024;

export class Deflater {
  #kernel: DeflateKernel | undefined;
  #blocks: BlockWriter | undefined;
  #filled = 0;
  #crc = 0;
  #size = 0;
  /** Output for which the kernel has no room, or that outlasts the kernel's stay. */
  readonly #aside = new ByteSink(ASIDE_BYTES);
  /** The caller has a view of the kernel's output. */
  #isLent = false;

  /** CRC-32 of the piece's bytes so far. */
  get crc(): number {
    return this.#crc;
  }

  /** The number of the piece's bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Starts a piece; one that was begun before is forgotten. */
  begin(model: DeflateModel): void {
    this.#kernel ??= borrowKernel();
    this.#blocks = new BlockWriter(this.#kernel, model);
    this.#filled = 0;
    this.#crc = 0;
    this.#size = 0;
    this.#aside.length = 0;
    this.#isLent = false;
  }

  /** Returns what is ready, which may be nothing; borrowed until the next call. */
  write(bytes: Uint8Array): Uint8Array {
    const { kernel, blocks } = this.#begun();
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
    for (let at = 0; at < bytes.length;) {
      // A full block waits for a byte more: whether it is the last one must not depend on how the bytes arrive.
      if (this.#filled === kernel.blockBytes) {
        blocks.encode(this.#filled, false);
        if (!kernel.hasRoom) this.#setAside(kernel);
        kernel.slide();
        this.#filled = 0;
      }
      const taken = Math.min(bytes.length - at, kernel.blockBytes - this.#filled);
      kernel.load(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
    }
    if (this.#aside.length === 0) {
      this.#isLent = true;
      return kernel.written();
    }
    this.#setAside(kernel);
    return this.#aside.view();
  }

  /**
   * Returns the rest of the piece, borrowed until the next one begins: it ends at a whole byte, so that another piece
   * or the stream's end can follow.
   */
  end(): Uint8Array {
    const { kernel, blocks } = this.#begun();
    if (this.#filled > 0) blocks.encode(this.#filled, true);
    blocks.end();
    this.#setAside(kernel);
    returnKernel(kernel);
    this.#kernel = undefined;
    this.#blocks = undefined;
    return this.#aside.view();
  }

  /** What was lent is the caller's no more. */
  #begun(): { readonly kernel: DeflateKernel; readonly blocks: BlockWriter } {
    const kernel = this.#kernel;
    const blocks = this.#blocks;
    assert(kernel !== undefined && blocks !== undefined, 'a piece has begun');
    this.#aside.length = 0;
    if (this.#isLent) kernel.discard();
    this.#isLent = false;
    return { kernel, blocks };
  }

  #setAside(kernel: DeflateKernel): void {
    this.#aside.writeBytes(kernel.written());
    kernel.discard();
  }
}
