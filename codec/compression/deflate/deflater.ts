/**
 * Compresses one piece at a time, in blocks of a fixed size, so that the result does not depend on how the bytes
 * arrive. Blocks are encoded in one pass with the codes of the model. A block that comes out other than the codes
 * promise is looked at a second time: when codes of its own are better, it is encoded again with those, and they serve
 * for what follows; when nothing helps, its bytes are stored as they are.
 */
import { crc32 } from 'node:zlib';
import { DeflateKernel } from './kernel.ts';
import { modelTables } from './model.ts';
import type { DeflateLevel, DeflateModel } from './model.ts';
import { canonicalCodes, CODE_BITS_MASK, CODE_SIZE_SHIFT } from './prefix-codes.ts';
import { encodedBits, END_OF_BLOCK, exactTables, fixedTables, fullTables, headerBits, lengthCodes } from './tables.ts';
import type { BitField, CodeTables, SymbolCounts } from './tables.ts';

/** How far the bits per byte may be from what is expected before a block is looked at again. */
const DEVIATION_MAX = 0.05;
/** What better codes must save to be worth it, as a part of the block. */
const GAIN_MIN = 0.02;
/** Blocks that are not looked at again after one where it did not help, at most: it doubles each time. */
const PATIENCE_MAX = 8;
/** A piece this small gets codes of its own when they are better, whatever is expected of it. */
const SMALL_BYTES = 16 * 1024;
const STORED_BYTES_MAX = 0xffff;

const NOTHING = new Uint8Array(0);

export class Deflater {
  readonly #kernel = new DeflateKernel();
  readonly #encode: (from: number, to: number) => void;
  readonly #count: (from: number, to: number) => void;
  #model: DeflateModel | undefined;
  #modelTables: CodeTables = fixedTables();
  #tables: CodeTables = this.#modelTables;
  #expected = 0;
  #patience = 0;
  #waiting = 0;
  /** A block's header has been written, its end has not. */
  #isOpen = false;
  #endOfBlock = 0;
  #filled = 0;
  #crc = 0;
  #size = 0;
  #done: Uint8Array[] = [];

  constructor(level: DeflateLevel) {
    const { run } = this.#kernel;
    this.#encode = level === 'fast' ? run.encodeFast : run.encodeDefault;
    this.#count = level === 'fast' ? run.countFast : run.countDefault;
  }

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
    if (model !== this.#model) {
      this.#model = model;
      this.#modelTables = modelTables(model);
    }
    this.#use(this.#modelTables);
    this.#expected = model.bitsPerByte;
    this.#patience = 0;
    this.#waiting = 0;
    this.#isOpen = false;
    this.#filled = 0;
    this.#crc = 0;
    this.#size = 0;
    this.#done = [];
    this.#kernel.run.forget();
    this.#kernel.run.rewind(0);
  }

  /** Returns what is ready, which may be nothing; borrowed until the next call. */
  write(bytes: Uint8Array): Uint8Array {
    const { block, blockBytes } = this.#kernel;
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
    for (let at = 0; at < bytes.length;) {
      // A full block waits for a byte more: whether it is the last one must not depend on how the bytes arrive.
      if (this.#filled === blockBytes) this.#finishBlock();
      const taken = Math.min(bytes.length - at, blockBytes - this.#filled);
      this.#kernel.bytes.set(bytes.subarray(at, at + taken), block + this.#filled);
      this.#filled += taken;
      at += taken;
    }
    return this.#take();
  }

  /** Returns the rest of the piece: it ends at a whole byte, so that another piece or the stream's end can follow. */
  end(): Uint8Array {
    if (this.#filled > 0) this.#encodeBlock(true);
    this.#filled = 0;
    this.#closeBlock();
    this.#putStored(NOTHING);
    this.#keepOutput();
    return this.#take();
  }

  #finishBlock(): void {
    const { bytes, history, block, blockBytes } = this.#kernel;
    this.#encodeBlock(false);
    this.#keepOutput();
    // Half of the window's positions mean the same as before: codec/wasm/assembly/deflate-layout.ts.
    bytes.copyWithin(history, history + blockBytes, block + blockBytes);
    this.#filled = 0;
  }

  #encodeBlock(isLast: boolean): void {
    const { run, block } = this.#kernel;
    const start = run.bitPosition();
    const isFirst = !this.#isOpen;
    run.saveHash();
    this.#openBlock();
    this.#encode(block, block + this.#filled);
    const bits = run.bitPosition() - start;
    const isSmall = isLast && isFirst && this.#filled <= SMALL_BYTES;
    if (isSmall || this.#isOdd(bits)) this.#reconsider(start, bits, isFirst, isLast);
  }

  /** Whether the block differs from what is expected, and has not been tried in vain just before. */
  #isOdd(bits: number): boolean {
    const perByte = bits / this.#filled;
    if (this.#waiting > 0) {
      this.#waiting -= 1;
      return perByte > 8;
    }
    return perByte > 8 || Math.abs(perByte - this.#expected) > this.#expected * DEVIATION_MAX;
  }

  /** Looks for a better way to write the block of which `bits` have been written from `start` on. */
  #reconsider(start: number, bits: number, wasClosed: boolean, isLast: boolean): void {
    const counts = this.#countBlock();
    const own = isLast ? exactTables(counts) : fullTables(counts);
    const candidates = isLast ? [own, fixedTables()] : [own];
    const costs = candidates.map((tables) => headerBits(tables) + encodedBits(tables, counts));
    const storedBits = (this.#filled + 5 * Math.ceil(this.#filled / STORED_BYTES_MAX)) * 8 + 7;
    const best = Math.min(...costs);
    const isBetter = Math.min(best, storedBits) < bits * (1 - (isLast ? 0 : GAIN_MIN));
    this.#expected = Math.min(bits, best) / this.#filled;
    if (!isBetter) {
      this.#patience = Math.min(PATIENCE_MAX, Math.max(1, this.#patience * 2));
      this.#waiting = this.#patience;
      return;
    }
    this.#patience = 0;
    this.#kernel.run.rewind(start);
    this.#isOpen = !wasClosed;
    this.#closeBlock();
    const { bytes, block, run } = this.#kernel;
    const tables = candidates[costs.indexOf(best)];
    if (tables === undefined || storedBits <= best) {
      this.#putStored(bytes.subarray(block, block + this.#filled));
      return;
    }
    this.#use(tables);
    this.#openBlock();
    run.restoreHash();
    this.#encode(block, block + this.#filled);
  }

  /** The same way through the block as of the encoder; the hash table is afterwards as it was. */
  #countBlock(): SymbolCounts {
    const { run, block, symbolCounts, distanceCounts } = this.#kernel;
    run.restoreHash();
    symbolCounts.fill(0);
    distanceCounts.fill(0);
    this.#count(block, block + this.#filled);
    return { symbols: symbolCounts.slice(), distances: distanceCounts.slice() };
  }

  #use(tables: CodeTables): void {
    const codes = canonicalCodes(tables.symbolLengths);
    this.#tables = tables;
    this.#kernel.literalCodes.set(codes.subarray(0, 256));
    this.#kernel.lengthCodes.set(lengthCodes(codes));
    this.#kernel.distanceCodes.set(canonicalCodes(tables.distanceLengths));
    this.#endOfBlock = codes[END_OF_BLOCK] ?? 0;
  }

  #openBlock(): void {
    if (this.#isOpen) return;
    for (const field of this.#tables.header) this.#put(field);
    this.#isOpen = true;
  }

  #closeBlock(): void {
    if (!this.#isOpen) return;
    this.#put([this.#endOfBlock & CODE_BITS_MASK, this.#endOfBlock >>> CODE_SIZE_SHIFT]);
    this.#isOpen = false;
  }

  #put([value, count]: BitField): void {
    this.#kernel.run.putBits(value, count);
  }

  /** Bytes as they are; without any it is what aligns the end of a piece (a sync flush). */
  #putStored(bytes: Uint8Array): void {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + STORED_BYTES_MAX);
      this.#put([0, 3]);
      this.#put([0, -this.#kernel.run.bitPosition() & 7]);
      this.#put([part.length, 16]);
      this.#put([part.length ^ 0xffff, 16]);
      const position = this.#kernel.run.bitPosition() >>> 3;
      this.#kernel.bytes.set(part, this.#kernel.output + position);
      this.#kernel.run.rewind((position + part.length) * 8);
      at += part.length;
    } while (at < bytes.length);
  }

  /** Sets the output of the kernel aside, so that it has room for the next block. */
  #keepOutput(): void {
    const length = this.#kernel.run.bitPosition() >>> 3;
    this.#done.push(this.#kernel.bytes.slice(this.#kernel.output, this.#kernel.output + length));
    this.#kernel.run.restart();
  }

  #take(): Uint8Array {
    const done = this.#done;
    this.#done = [];
    return done.length === 1 ? (done[0] ?? NOTHING) : Buffer.concat(done);
  }
}
